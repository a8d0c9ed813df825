#!/usr/bin/env bash
# chroot.sh ROOT SHARED PROGRAM...: run a program in a GIMP of scripts/gimp-rootfs. As root.
#
# SHARED is seen as /shared, inside/ here as /tmp/inside; all else is read-only or gone with the program. Mounts,
# processes and shared memory are in namespaces of their own: runs side by side do not meet, and when the program ends,
# nothing it started is left. The network is this machine's, so a bridge on 127.0.0.1 is reached.
set -euo pipefail
export ROOT=$1 SHARED=$2 INSIDE
INSIDE=$(cd "$(dirname "$0")" && pwd)/inside
shift 2
exec unshare --mount --pid --ipc --fork --kill-child --propagation private bash -euc '
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
for folder in tmp run dev/shm; do mount -t tmpfs tmpfs "$ROOT/$folder"; done
mkdir -m 700 "$ROOT/tmp/inside" "$ROOT/tmp/home" "$ROOT/run/user"
mount --bind "$INSIDE" "$ROOT/tmp/inside"
mount --bind "$SHARED" "$ROOT/shared"
exec chroot "$ROOT" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp/home XDG_RUNTIME_DIR=/run/user LC_ALL=C.UTF-8 \
  GIMP3_DIRECTORY=/shared/profile SFUMATO_HOME=/shared/home PYTHONDONTWRITEBYTECODE=1 "$@"
' _ "$@"
