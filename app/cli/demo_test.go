package cli

import (
	"testing"
	"time"

	"healthagent/app/fault"
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
