package keys

import "github.com/charmbracelet/bubbles/key"

// all is the table. On the screens everything that changes the system is on a capital letter, with one exception, z, and each of them
// only opens a dialog.
func all() []Binding {
	look := func(a Action, where, shown, help string, names ...string) Binding {
		return Binding{key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, help)), a, where, Look}
	}
	act := func(a Action, where, shown, help string, names ...string) Binding {
		return Binding{key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, help)), a, where, Act}
	}
	return []Binding{
		look(Screen1, "all", "1", "Overview", "1"),
		look(Screen2, "all", "2", "Queries", "2"),
		look(Screen3, "all", "3", "Indexes", "3"),
		look(Screen4, "all", "4", "Migrations", "4"),
		look(Screen5, "all", "5", "Activity", "5"),
		look(Screen6, "all", "6", "Cache", "6"),
		look(Screen7, "all", "7", "Log", "7"),
		look(NextPane, "all", "tab", "next pane", "tab"),
		look(PrevPane, "all", "shift+tab", "previous pane", "shift+tab"),
		look(Down, "lists, text", "j ↓", "down", "j", "down"),
		look(Up, "lists, text", "k ↑", "up", "k", "up"),
		look(First, "lists, text", "g Home", "first", "g", "home"),
		look(Last, "lists, text", "G End", "last", "G", "end"),
		look(PageDown, "lists, text", "PgDn", "a page down", "pgdown"),
		look(PageUp, "lists, text", "PgUp", "a page up", "pgup"),
		look(HalfDown, "lists, text", "ctrl+d", "half a page down", "ctrl+d"),
		look(HalfUp, "lists, text", "ctrl+u", "half a page up", "ctrl+u"),
		look(Open, "all", "enter", "open", "enter"),
		look(Back, "all", "esc", "back; never quits", "esc"),
		look(Filter, "lists, text", "/", "filter a list, search a text", "/"),
		look(NextMatch, "text", "n", "next match", "n"),
		look(PrevMatch, "text", "N", "previous match", "N"),
		look(SortLeft, "lists", "<", "sort by the column to the left", "<", "left"),
		look(SortRight, "lists", ">", "sort by the column to the right", ">", "right"),
		look(SortNext, "lists", "s", "sort by another column", "s"),
		look(Reverse, "lists", "S", "reverse the order", "S"),
		look(Detail, "lists", "p", "detail on or off", "p"),
		look(Pause, "all", "space", "pause, and go on", " "),
		look(Faster, "all", "+", "faster", "+", "="),
		look(Slower, "all", "-", "slower", "-"),
		look(Refresh, "all", "ctrl+r", "read everything anew, try again", "ctrl+r"),
		look(Explain, "Queries", "e", "plan of the statement", "e"),
		look(Unused, "Indexes", "u", "only unused ones", "u"),
		look(Invalid, "Indexes", "i", "only invalid ones", "i"),
		look(Redundant, "Indexes", "d", "only redundant ones", "d"),
		look(Bloated, "Indexes", "b", "only bloated ones", "b"),
		look(Follow, "Log", "f", "follow the newest line", "f"),
		look(Copy, "all", "y", "copy the value", "y"),
		look(CopyAll, "all", "Y", "copy the whole row, SQL or report", "Y"),
		look(LogOf, "all", "l", "log of what is shown", "l"),
		look(Help, "all", "?", "help", "?", "f1"),
		look(Quit, "all", "q", "quit; in a dialog or a detail, back", "q"),
		look(Interrupt, "all", "ctrl+c", "quit at once", "ctrl+c"),
		look(Suspend, "all", "ctrl+z", "suspend", "ctrl+z"),

		act(Rollback, "Overview, Migrations", "R", "roll back: shows what it would do", "R"),
		act(Apply, "Migrations", "A", "apply a pending or held one: shows what it would do", "A"),
		act(Undo, "all", "z", "undo the last rollback: shows what it would do", "z"),
		act(DropIndex, "Indexes", "D", "drop the index: shows what it would do", "D"),
		act(BuildIt, "Indexes", "B", "build the index, or build it anew: shows what it would do", "B"),
		act(Fix, "Indexes", "F", "fix an invalid index: shows what it would do", "F"),
		act(CancelRun, "Activity", "C", "cancel the statement: asks first", "C"),
		act(EndRun, "Activity", "K", "end the session: asks first", "K"),
	}
}
