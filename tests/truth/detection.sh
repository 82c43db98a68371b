#!/bin/sh
# A small world of honest and abused accounts: what the detectors find in it may not fall, and who is flagged
# falsely may not rise. The limits are the figures when they were written, with some room for the draw.
# needs: python3
feed=$BUILD/tests/detection/feed
[ -x "$feed" ] || { echo "skip: tests/detection/feed is not built (make benches)"; exit 77; }
for seed in 11 12; do
	python3 "$TOP/tests/detection/scenario.py" --out "$TMP/$seed" --seed $seed --people 400 --days 12 --each 2 || exit 1
	gzip -dc "$TMP/$seed/attempts.csv.gz" | tail -n +2 |
		"$feed" -g "$TMP/$seed/geo.csv" -k "$TMP/$seed/kinds" > "$TMP/$seed.ndjson" || exit 1
done
python3 "$TOP/tests/detection/score.py" --guard "found=82,false=0.8,leak50=65" \
	"$TMP/11:$TMP/11.ndjson" "$TMP/12:$TMP/12.ndjson"
