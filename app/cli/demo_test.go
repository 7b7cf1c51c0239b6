package cli

import (
	"testing"
	"time"

	"healthagent/app/fault"
	"healthagent/app/rehearsal/reader"
)

func TestDemoSettlesThePast(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags  demoFlags
		screen bool
		want   int // messages; -1: refused
	}{
		"screen":                    {demoFlags{people: 20, messages: -1}, true, 5000},
		"headless":                  {demoFlags{people: 20, messages: -1, length: time.Second}, false, 200},
		"a crowd on the screen":     {demoFlags{people: 1000, messages: -1}, true, 500},
		"as it was said":            {demoFlags{people: 20, messages: 7}, true, 7},
		"none":                      {demoFlags{people: 20, messages: 0}, true, 0},
		"more than there is time":   {demoFlags{people: 1000, messages: 5000}, true, -1},
		"less than none":            {demoFlags{people: 20, messages: -2}, true, -1},
		"nobody":                    {demoFlags{people: 0, messages: -1}, true, -1},
		"no time to say a word":     {demoFlags{people: 1, messages: -1, length: time.Millisecond}, true, -1},
		"longer than any rehearsal": {demoFlags{people: 1, messages: -1, length: 25 * time.Hour}, false, -1},
	} {
		err := c.flags.settle(c.screen)
		if refused := c.want == -1; refused != (fault.KindOf(err) == fault.Usage) || !refused && (err != nil || c.flags.messages != c.want) {
			t.Errorf("%s: %d messages, %v", name, c.flags.messages, err)
		}
	}
}

func TestDemoSettlesTheReaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		readers int
		screen  bool
		want    int // -1: refused
	}{
		"screen":           {-1, true, demoReaders},
		"headless":         {-1, false, 0},
		"headless, wanted": {3, false, 3},
		"screen, unwanted": {0, true, 0},
		"a crowd":          {reader.Most + 1, true, -1},
		"less than none":   {-2, false, -1},
	} {
		flags := demoFlags{people: 20, length: time.Minute, readers: c.readers}
		err := flags.settle(c.screen)
		if refused := c.want == -1; refused != (fault.KindOf(err) == fault.Usage) || !refused && (err != nil || flags.readers != c.want) {
			t.Errorf("%s: %d readers, %v", name, flags.readers, err)
		}
	}
}
