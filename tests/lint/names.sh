#!/bin/sh
# A file is named for what it holds. These names hold anything.
cd "$TOP" || exit 1
! git ls-files | grep -E '(^|/|_)(utils?|common|misc|helpers?)(\.|_|/)'
