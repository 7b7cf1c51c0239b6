#!/usr/bin/env bash
# frames.sh [COMMAND...]: takes the pictures in docs/frames from a terminal of 80 columns and 24 lines, through one rollback and its undo.
# COMMAND draws the screen of a demo; by default it is the demo itself. Over SSH: test/frames.sh ssh -t host healthagent tui
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ $# -gt 0 ]] || set -- ./healthagent demo
mux() { tmux -L healthagent-frames -f /dev/null "$@"; }
trap 'mux kill-server 2>/dev/null || true' EXIT
# until TEXT: waits until the screen shows it
until_seen() {
	local deadline=$((SECONDS + 180))
	until mux capture-pane -p -t frames | grep -qE -- "$1"; do
		if ((SECONDS > deadline)); then
			printf 'never seen: %s\n' "$1" >&2
			mux capture-pane -p -t frames >&2
			exit 1
		fi
		sleep 0.2
	done
}
take() {
	mux capture-pane -p -t frames | sed 's/ *$//' >"docs/frames/$1.txt"
	mux capture-pane -e -p -t frames | go run ./test/picture >"docs/frames/$1.svg"
	printf '%s\n' "docs/frames/$1.svg"
}
mkdir -p docs/frames
printf -v command '%q ' "$@"
mux new-session -d -s frames -x 80 -y 24 "TERM=xterm-256color $command"
until_seen 'RW .*LIVE'
until_seen 'xact/s'
sleep "${FRAMES_WARM:-60}" # some history, so that there is something to be compared with
take overview
mux send-keys -t frames R
until_seen 'y roll back now'
take preview
sleep 1 # a dialog takes no key before it could have been read
mux send-keys -t frames y
until_seen 'DONE'
sleep "${FRAMES_WATCH:-45}" # until the watch has enough calls
take watch
mux send-keys -t frames z
until_seen 'y apply now'
take undo
sleep 1
mux send-keys -t frames y
until_seen 'APPLIED'
sleep "${FRAMES_WATCH:-45}"
take healed
mux send-keys -t frames q
