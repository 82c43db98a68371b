#!/bin/sh
# What stands in Redis's place and says OK to everything is no Redis: watch says so, and tries again as it does for one
# that is lost, not without a pause.
# needs: python3
. "$TOP/tests/redis.sh"

cat > impostor << 'END'
import os, socket, threading
listener = socket.socket(socket.AF_UNIX)
listener.bind("redis.sock")
listener.listen(50)
def serve(client):
    while True:
        got = client.recv(1 << 16)
        if not got:
            return
        # A command begins with the number of its words; what is cut by recv is counted by whom it goes on with.
        asked = got.count(b"\r\n*") + got.startswith(b"*")
        with open("asked", "a") as out:
            out.write("\n" * asked)
        client.sendall(b"+OK\r\n" * asked)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
END
python3 impostor &
redis=$!
await 10 test -S redis.sock

write_whole 5 2000
cp whole.log mail.log
settings ''
printf '[redis]\ntopology = single\nservers = %s/redis.sock\n' "$TMP" >> detect.conf
start_watch
await 20 grep -qF 'redis.sock: answers as no Redis does' watch.err
sleep 1
: > asked
sleep 3
[ "$(grep -c '' asked)" -lt 20000 ] || die "asks without a pause: $(grep -c '' asked) times in 3 s"
kill -0 "$watcher" || die "ended: $(cat watch.err)"
