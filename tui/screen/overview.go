package screen

import (
	"strings"
	"time"

	"healthagent/tui/keys"
	"healthagent/tui/look"
	"healthagent/tui/source"
	"healthagent/tui/widget"
)

// Overview answers three questions: is it healthy, is the pool near its limit, and what needs somebody.
type Overview struct {
	scene
	attention *widget.Table
	moved     bool // somebody has chosen an item
}

var _ Screen = (*Overview)(nil)

// NewOverview makes the first screen.
func NewOverview(l *look.Look) *Overview {
	return &Overview{scene: newScene(l), attention: widget.NewTable(l,
		widget.Column{Width: 1},
		widget.Column{Width: 9, Drop: 2},
		widget.Column{Width: 30, Grow: true},
		widget.Column{Width: 4, Right: true, Drop: 1},
	).Bare()}
}

// Name is that of its tab.
func (o *Overview) Name() string { return "Overview" }

// Resize gives it its room.
func (o *Overview) Resize(width, height int) { o.width, o.height = max(0, width), max(0, height) }

// Show gives it a new state. The cursor stays on what somebody has moved it to, whatever comes before it now; until then, and when that
// is the first again, it is on the first, which is the worst: a fault that is new must not come in above what is seen.
func (o *Overview) Show(s *source.Snapshot, now time.Time) {
	o.s, o.now = s, now
	var rows []widget.Row
	for _, i := range o.items() {
		rows = append(rows, o.attentionRow(i))
	}
	chosen := o.attention.SelectedKey()
	o.attention.SetRows(rows)
	o.moved = o.moved && o.attention.SelectedKey() == chosen
	if !o.moved && len(rows) > 0 {
		o.attention.First()
	}
}

// items are what needs somebody.
func (o *Overview) items() []source.Item {
	if o.s.Attention == nil {
		return nil
	}
	return o.s.Attention.Items
}

func itemKey(i source.Item) string { return i.Kind + " " + i.Subject }

func (o *Overview) attentionRow(i source.Item) widget.Row {
	mark, role := markOf(i.Severity)
	text := i.Subject + "  " + i.Text
	if i.Subject == "" || i.Subject == i.Kind || strings.Contains(i.Text, i.Subject) {
		text = i.Text
	}
	age := ""
	if !i.Since.IsZero() {
		age = look.Age(o.age(i.Since))
	}
	return widget.Row{Key: itemKey(i), Cells: []widget.Cell{
		{Text: mark, Role: role}, {Text: i.Kind, Role: role}, {Text: text}, {Text: age, Role: look.Dim},
	}}
}

// markOf is the letter of a verdict, and its colour.
func markOf(v source.Verdict) (string, look.Role) {
	switch v {
	case source.Fail:
		return "x", look.Fail
	case source.Warn:
		return "!", look.Warn
	case source.OK:
		return " ", look.Good
	default:
		return " ", look.Plain
	}
}

// selected is the item of the cursor.
func (o *Overview) selected() (source.Item, bool) {
	key := o.attention.SelectedKey()
	for _, i := range o.items() {
		if itemKey(i) == key {
			return i, true
		}
	}
	return source.Item{}, false
}

// Press tells it what a key means.
func (o *Overview) Press(a keys.Action) (Intent, bool) {
	switch a {
	case keys.Open:
		return o.open(), true
	case keys.Copy, keys.CopyAll:
		return o.copied(a == keys.CopyAll), true
	case keys.LogOf:
		if len(o.notice().title) > 0 {
			return Intent{Open: keys.Screen7}, true // of what the banner says
		}
		i, _ := o.selected()
		return Intent{Open: keys.Screen7, Subject: i.Subject}, true
	case keys.Rollback:
		return o.rollback(), true
	default:
		used := scroll(o.attention, a)
		if used {
			items := o.items()
			o.moved = len(items) > 0 && o.attention.SelectedKey() != itemKey(items[0])
		}
		return Intent{}, used
	}
}

func (o *Overview) open() Intent {
	i, ok := o.selected()
	if !ok {
		return Intent{Say: "nothing needs attention"}
	}
	switch to := keys.Action(i.Screen); to {
	case keys.Screen2, keys.Screen3, keys.Screen4, keys.Screen5, keys.Screen6, keys.Screen7:
		return Intent{Open: to, Subject: i.Subject}
	default:
		return Intent{Open: keys.Screen7, Subject: i.Subject}
	}
}

func (o *Overview) copied(whole bool) Intent {
	switch i, ok := o.selected(); {
	case !ok:
		return Intent{Say: "there is nothing to copy"}
	case whole:
		lines := []string{i.Kind + " " + i.Subject + ": " + i.Text}
		if i.Remedy != "" {
			lines = append(lines, i.Remedy)
		}
		return Intent{Copy: strings.Join(lines, "\n")}
	case i.Remedy == "":
		return Intent{Say: "there is no remedy to copy; Y copies the line"}
	default:
		return Intent{Copy: i.Remedy}
	}
}

// rollback asks for the preview of the newest migration that may be taken back on its own.
func (o *Overview) rollback() Intent {
	switch m := o.s.Migrations; {
	case m == nil:
		return Intent{Say: "the migrations are not known yet"}
	case m.Next == "":
		return Intent{Say: "no applied migration is of indexes only; 4 shows what each of the others would take with it"}
	default:
		return Intent{Act: &source.Act{Verb: source.Rollback, Object: source.OnMigration, Name: m.Next}}
	}
}

// Hints are the keys that are of use.
func (o *Overview) Hints() []keys.Action {
	hints := []keys.Action{keys.Down, keys.Open, keys.Copy, keys.LogOf, keys.Rollback, keys.Refresh, keys.Faster}
	if len(o.items()) == 0 {
		return hints[3:]
	}
	return hints
}
