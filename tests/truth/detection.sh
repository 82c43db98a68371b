#!/bin/sh
# A small world of honest and abused accounts: what the detectors find in it may not fall, and who is flagged
# falsely may not rise. And an institute of people who write in bursts and to the whole house: nobody may be
# flagged there. The worlds are the same bytes in every run, so the limits stand close to the figures.
# needs: python3
feed=$BUILD/tests/detection/feed
[ -x "$feed" ] || { echo "skip: tests/detection/feed is not built (make benches)"; exit 77; }
for seed in 11 12; do
	python3 "$TOP/tests/detection/scenario.py" --out "$TMP/$seed" --seed $seed --people 400 --days 12 --each 2 || exit 1
	gzip -dc "$TMP/$seed/attempts.csv.gz" | tail -n +2 |
		"$feed" -g "$TMP/$seed/geo.csv" -k "$TMP/$seed/kinds" > "$TMP/$seed.ndjson" || exit 1
done
python3 "$TOP/tests/detection/people.py" --out "$TMP/people" --seed 1 || exit 1
gzip -dc "$TMP/people/attempts.csv.gz" | tail -n +2 |
	"$feed" -g "$TMP/people/geo.csv" -k "$TMP/people/kinds" > "$TMP/people.ndjson" || exit 1
python3 "$TOP/tests/detection/score.py" --guard "false=0" "$TMP/people:$TMP/people.ndjson" || exit 1
python3 "$TOP/tests/detection/score.py" --guard "found=86,false=0.52,leak50=55" \
	"$TMP/11:$TMP/11.ndjson" "$TMP/12:$TMP/12.ndjson"
