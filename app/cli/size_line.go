package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// sizeEvery is how often a size that grows is told where no terminal is.
const sizeEvery = 30 * time.Second

// sizeLine tells how far something is whose end is not known: on a terminal one line that is drawn anew, elsewhere a line now and then.
// It may be told by several goroutines.
type sizeLine struct {
	w     io.Writer
	now   func() time.Time
	live  bool
	mu    sync.Mutex
	drawn bool
	ended bool
	last  time.Time
}

func newSizeLine(w io.Writer, now func() time.Time) *sizeLine {
	return &sizeLine{w: w, now: now, live: isTerminal(w), last: now()}
}

func (s *sizeLine) show(doing string, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := s.now(); {
	case s.ended:
	case s.live:
		_, _ = fmt.Fprintf(s.w, "\r\x1b[K%s: %s", doing, byteSize(bytes))
		s.drawn = true
	case now.Sub(s.last) >= sizeEvery:
		_, _ = fmt.Fprintf(s.w, "%s: %s\n", doing, byteSize(bytes))
		s.last = now
	}
}

// clear takes the line away, for another to be written.
func (s *sizeLine) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn {
		_, _ = fmt.Fprint(s.w, "\r\x1b[K")
	}
	s.drawn = false
}

// end clears the line for good: what is told later is not shown.
func (s *sizeLine) end() {
	s.clear()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}
