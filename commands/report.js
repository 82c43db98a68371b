/*
 * What the incident report can do where scripts run: find an account, sort the table, open all, zoom into a
 * picture, and unfold everything for print. All of it is there to be read without. It makes elements and sets
 * texts, never HTML, so that nothing that strangers wrote becomes more than text.
 */
'use strict';
(() => {
const all = (what, within = document) => [...within.querySelectorAll(what)];

function make(tag, text)
{
	const element = document.createElement(tag);
	element.textContent = text;
	if (tag === 'button')
		element.type = 'button';
	return element;
}

function draw(tag, attributes)
{
	const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
	for (const name in attributes)
		element.setAttribute(name, attributes[name]);
	return element;
}

/* --- accounts: one that is linked to is opened; print opens all of a case that is not too large --- */

const accounts = all('details.account');

function follow()
{
	const target = document.getElementById(location.hash.slice(1));
	if (target && target.tagName === 'DETAILS') {
		target.open = true;
		target.scrollIntoView();
	}
}

addEventListener('hashchange', follow);
follow();

let opened = [];
addEventListener('beforeprint', () => {
	const closed = all('details:not([open])');
	opened = closed.length < 400 ? closed : [];
	opened.forEach(details => { details.open = true; });
});
addEventListener('afterprint', () => opened.forEach(details => { details.open = false; }));

/* --- the table: a field that filters, headings that sort --- */

const rows = all('#accounts tbody tr');
const tools = document.getElementById('tools');

function tableFilter()
{
	const field = make('input', ''), found = make('small', ''), every = make('button', 'Open all');
	const texts = rows.map(row => row.textContent.toLowerCase());

	field.type = 'search';
	field.placeholder = 'Find an account, a country, a way in';
	field.setAttribute('aria-label', field.placeholder);
	found.setAttribute('role', 'status');
	field.addEventListener('input', () => {
		const wanted = field.value.toLowerCase();
		let hits = 0;

		rows.forEach((row, i) => {
			const hit = texts[i].includes(wanted), account = document.getElementById(row.dataset.account);
			hits += hit;
			row.hidden = !hit;
			if (account)
				account.hidden = !hit;
		});
		found.textContent = wanted ? hits + ' of ' + rows.length + ' accounts' : '';
	});
	every.addEventListener('click', () => {
		const open = !accounts.every(account => account.open);
		accounts.forEach(account => { account.open = open; });
		every.textContent = open ? 'Close all' : 'Open all';
	});
	tools.append(field, every, found);
}

function tableSort(heading, column, headings)
{
	const button = make('button', heading.textContent);
	const value = row => {
		const cell = row.cells[column];
		return 'v' in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
	};

	heading.replaceChildren(button);
	button.addEventListener('click', () => {
		const up = heading.getAttribute('aria-sort') !== 'ascending';

		headings.forEach(other => other.removeAttribute('aria-sort'));
		heading.setAttribute('aria-sort', up ? 'ascending' : 'descending');
		rows.sort((a, b) => {
			const x = value(a), y = value(b), order = typeof x === 'number' ? x - y : x < y ? -1 : x > y ? 1 : 0;
			return up ? order : -order;
		});
		rows[0].parentNode.append(...rows);
	});
}

if (rows.length > 1) {
	tableFilter();
	all('#accounts th').forEach(tableSort);
}

/* --- pictures: drag over a part to see it large, double click (or the button) for the whole --- */

const SPAN = 10000, RIGHT = 12, DAY = 86400;
const steps = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY, 2 * DAY, 7 * DAY];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function tickWords(seconds, step)
{
	const date = new Date(seconds * 1000);

	if (step >= DAY)
		return date.getUTCDate() + ' ' + months[date.getUTCMonth()];
	return date.toISOString().slice(11, step < 60 ? 19 : 16);
}

function zoomable(chart)
{
	const box = chart.viewBox.baseVal, left = Number(chart.dataset.left), wide = box.width - left - RIGHT;
	const from = Number(chart.dataset.from), until = Number(chart.dataset.until);
	const bottom = Number(chart.dataset.bottom), button = make('button', 'Show all of it');
	let a = 0, b = SPAN, start = 0, drag = null, made = [];

	function tick(seconds, share, step, dated)
	{
		const group = draw('g', { class: 'tick', transform: 'translate(' + (left + share * wide) + ')' });
		const label = draw('text', { y: bottom + 13 }), date = draw('text', { y: bottom + 26, class: 'date' });

		label.textContent = tickWords(seconds, step);
		date.textContent = dated ? tickWords(seconds, DAY) : '';
		group.append(label, date);
		chart.append(group);
		made.push(group);
	}

	function ticks()
	{
		const first = from + (until - from) * a / SPAN, last = from + (until - from) * b / SPAN;
		const step = steps.find(length => (last - first) / length < 9) || 7 * DAY;
		let day = null;

		for (let at = Math.ceil(first / step) * step; at <= last; at += step) {
			tick(at, (at - first) / (last - first), step, step < DAY && Math.floor(at / DAY) !== day);
			day = Math.floor(at / DAY);
		}
	}

	function show()
	{
		const whole = a === 0 && b === SPAN;

		button.hidden = whole;
		made.forEach(element => element.remove());
		made = [];
		all('svg.plot', chart).forEach(plot => {
			plot.setAttribute('viewBox', a + ' 0 ' + (b - a) + ' ' + box.height);
		});
		all('[data-x]', chart).forEach(element => {
			const share = (Number(element.dataset.x) - a) / (b - a);
			const out = share < 0 || share > 1 || (!whole && element.classList.contains('tick'));

			element.toggleAttribute('hidden', out);
			element.setAttribute('transform', 'translate(' + (left + share * wide) + ')');
		});
		if (!whole)
			ticks();
	}

	function place(event)
	{
		const at = chart.getBoundingClientRect();
		return Math.min(1, Math.max(0, ((event.clientX - at.left) / at.width * box.width - left) / wide));
	}

	function zoomOut()
	{
		a = 0;
		b = SPAN;
		show();
	}

	chart.addEventListener('pointerdown', event => {
		if (event.pointerType !== 'mouse' || event.button !== 0)
			return; /* fingers scroll */
		start = place(event);
		drag = draw('rect', { class: 'drag', y: 0, height: box.height });
		chart.append(drag);
		chart.setPointerCapture(event.pointerId);
		event.preventDefault();
	});
	chart.addEventListener('pointermove', event => {
		if (drag === null)
			return;
		drag.setAttribute('x', left + Math.min(place(event), start) * wide);
		drag.setAttribute('width', Math.abs(place(event) - start) * wide);
	});
	chart.addEventListener('pointerup', event => {
		const end = place(event), low = Math.min(start, end), high = Math.max(start, end), width = b - a;

		if (drag === null)
			return;
		drag.remove();
		drag = null;
		if (high - low < 0.02 || width * (high - low) < 20)
			return;
		b = Math.round(a + width * high);
		a = Math.round(a + width * low);
		show();
	});
	chart.addEventListener('dblclick', zoomOut);
	button.addEventListener('click', zoomOut);
	button.hidden = true;
	chart.parentNode.before(button);
}

all('.picture svg.chart').forEach(zoomable);
})();
