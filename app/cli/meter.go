package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// meter shows how far something long is: on a terminal one line that is drawn anew, elsewhere a line now and then.
type meter struct {
	w     io.Writer
	now   func() time.Time
	drawn bool // a terminal's line is there
	live  bool
	stage string
	last  time.Time
}

const (
	redrawEvery = 100 * time.Millisecond
	lineEvery   = 5 * time.Second
	barWidth    = 30
)

func newMeter(w io.Writer, now func() time.Time) *meter {
	file, ok := w.(*os.File)
	if ok {
		info, err := file.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &meter{w: w, now: now, live: ok}
}

// show is told often and writes seldom; a new stage is always shown.
func (m *meter) show(stage string, done, total int64) {
	pause := lineEvery
	if m.live {
		pause = redrawEvery
	}
	now := m.now()
	if stage == m.stage && now.Sub(m.last) < pause {
		return
	}
	m.stage, m.last = stage, now
	share := float64(done) / float64(max(total, 1))
	text := fmt.Sprintf("%3.0f %%  %s, %d of %d", 100*share, stage, done, total)
	if !m.live {
		_, _ = fmt.Fprintln(m.w, text)
		return
	}
	full := int(share * barWidth)
	_, _ = fmt.Fprintf(m.w, "\r\x1b[K[%s%s] %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), text)
	m.drawn = true
}

// end clears the line.
func (m *meter) end() {
	if m.drawn {
		_, _ = fmt.Fprint(m.w, "\r\x1b[K")
	}
}
