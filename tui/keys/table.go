package keys

import "github.com/charmbracelet/bubbles/key"

// all is the table. On the screens everything that changes the system is on a capital letter, with one exception, z, and each of them
// only opens a dialog.
func all() []Binding {
	bind := func(kind Kind, a Action, where, shown, short, help string, names []string) Binding {
		return Binding{
			Binding: key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, help)),
			Action:  a, Where: where, Short: short, Kind: kind,
		}
	}
	look := func(a Action, where, shown, short, help string, names ...string) Binding {
		return bind(Look, a, where, shown, short, help, names)
	}
	act := func(a Action, where, shown, short, help string, names ...string) Binding {
		return bind(Act, a, where, shown, short, help, names)
	}
	return []Binding{
		look(Screen1, "all", "1", "Overview", "Overview", "1"),
		look(Screen2, "all", "2", "Queries", "Queries", "2"),
		look(Screen3, "all", "3", "Indexes", "Indexes", "3"),
		look(Screen4, "all", "4", "Migrations", "Migrations", "4"),
		look(Screen5, "all", "5", "Activity", "Activity", "5"),
		look(Screen6, "all", "6", "Cache", "Cache", "6"),
		look(Screen7, "all", "7", "Log", "Log", "7"),
		look(NextPane, "Migrations", "tab", "pane", "SQL of the way back, or of the way there", "tab"),
		look(PrevPane, "Migrations", "shift+tab", "pane", "SQL of the way back, or of the way there", "shift+tab"),
		look(Down, "Overview, lists, Log", "j down", "move", "down", "j", "down"),
		look(Up, "Overview, lists, Log", "k up", "move", "up", "k", "up"),
		look(First, "Overview, lists, Log", "g Home", "first", "first", "g", "home"),
		look(Last, "Overview, lists, Log", "G End", "last", "last", "G", "end"),
		look(PageDown, "Overview, lists, Log", "PgDn", "page", "a page down", "pgdown"),
		look(PageUp, "Overview, lists, Log", "PgUp", "page", "a page up", "pgup"),
		look(HalfDown, "Overview, lists, Log", "ctrl+d", "half page", "half a page down", "ctrl+d"),
		look(HalfUp, "Overview, lists, Log", "ctrl+u", "half page", "half a page up", "ctrl+u"),
		look(Open, "Overview, lists, Log", "enter", "open", "open", "enter"),
		look(Back, "all", "esc", "back", "back; never quits", "esc"),
		look(Filter, "lists, Log", "/", "filter", "filter a list, search a text", "/"),
		look(NextMatch, "lists, Log", "n", "next", "next match in an open text", "n"),
		look(PrevMatch, "lists, Log", "N", "previous", "previous match in an open text", "N"),
		look(SortLeft, "lists", "<", "column", "sort by the column to the left", "<", "left"),
		look(SortRight, "lists", ">", "column", "sort by the column to the right", ">", "right"),
		look(SortNext, "lists", "s", "sort", "sort by another column", "s"),
		look(Reverse, "lists", "S", "reverse", "reverse the order", "S"),
		look(Detail, "lists", "p", "detail", "detail on or off", "p"),
		look(Pause, "all", "space", "pause", "pause, and go on", " "),
		look(Faster, "all", "+", "faster", "faster", "+", "="),
		look(Slower, "all", "-", "slower", "slower", "-"),
		look(Refresh, "all", "ctrl+r", "refresh", "read everything anew, try again", "ctrl+r"),
		look(Explain, "Queries", "e", "plan", "plan of the statement", "e"),
		look(Unused, "Indexes", "u", "unused", "only unused ones", "u"),
		look(Invalid, "Indexes", "i", "invalid", "only invalid ones", "i"),
		look(Redundant, "Indexes", "d", "redundant", "only redundant ones", "d"),
		look(Bloated, "Indexes", "b", "bloated", "only bloated ones", "b"),
		look(Follow, "Log", "f", "follow", "follow the newest line", "f"),
		look(Copy, "all", "y", "copy", "copy the value", "y"),
		look(CopyAll, "all", "Y", "copy all", "copy the whole row, SQL or report", "Y"),
		look(ShowRun, "all", "r", "run", "the run under way, or the last one", "r"),
		look(LogOf, "all", "l", "log", "log of what is shown", "l"),
		look(Help, "all", "?", "help", "help", "?", "f1"),
		look(Quit, "all", "q", "quit", "quit; in a dialog or a detail, back", "q"),
		look(Interrupt, "all", "ctrl+c", "quit", "quit at once", "ctrl+c"),
		look(Suspend, "all", "ctrl+z", "suspend", "suspend", "ctrl+z"),

		act(Rollback, "Overview, Migrations", "R", "roll back", "roll back: shows what it would do", "R"),
		act(Apply, "Migrations", "A", "apply", "apply a pending or held one: shows what it would do", "A"),
		act(Undo, "all", "z", "undo", "undo the last rollback: shows what it would do", "z"),
		act(DropIndex, "Indexes", "D", "drop", "drop the index: shows what it would do", "D"),
		act(BuildIt, "Indexes", "B", "build", "build the index, or build it anew: shows what it would do", "B"),
		act(Fix, "Indexes", "F", "fix", "fix an invalid index: shows what it would do", "F"),
		act(CancelRun, "Activity", "C", "cancel", "cancel the statement: asks first", "C"),
		act(EndRun, "Activity", "K", "end", "end the session: asks first", "K"),
	}
}
