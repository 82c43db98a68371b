#!/bin/sh
# needs: mandoc
cd "$TOP" || exit 1
ls contrib/man/*.[1-8] > /dev/null 2>&1 || { echo "skip: no manual pages yet"; exit 77; }
mandoc -T lint -W warning contrib/man/*.[1-8]
