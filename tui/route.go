package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"healthagent/tui/keys"
)

// mode says who is given the next key.
type mode int

// The modes, the one that goes first on top.
const (
	inQuestion mode = iota // whether to quit all the same
	inText                 // a filter or a search is being typed
	inHelp
	inCopy   // a text is shown so that it can be marked
	inDialog // an act
	onScreen
)

// decision is what becomes of a key.
type decision struct {
	given   mode        // who gets the key as it is, unless it has become an action
	action  keys.Action // what it means on the screens and everywhere
	refused string      // why it does nothing for this person
	nothing bool
}

// route decides on one key. Only on the screens do keys have the meaning of the table; the two ways out of the program work everywhere.
// What is pasted is for where text is typed, and nothing else.
func route(m mode, k tea.KeyMsg, table *keys.Map) decision {
	if a, _ := table.Action(k.String()); !k.Paste && (a == keys.Interrupt || a == keys.Suspend) {
		return decision{given: m, action: a}
	}
	if k.Paste && m != inText && m != inHelp {
		return decision{given: m, nothing: true}
	}
	if m != onScreen {
		return decision{given: m}
	}
	a, refused := table.Action(k.String())
	return decision{given: m, action: a, refused: refused, nothing: a == "" && refused == ""}
}

// split makes single keys of what Bubble Tea read in one go. Keys that are pressed quickly, or come over a slow link, arrive as one; a
// letter right after Esc arrives as alt and that letter. No key has a meaning with alt.
func split(k tea.KeyMsg) []tea.KeyMsg {
	if k.Paste {
		return []tea.KeyMsg{k}
	}
	var single []tea.KeyMsg
	if k.Alt {
		single = append(single, tea.KeyMsg{Type: tea.KeyEsc})
		k.Alt = false
	}
	if k.Type != tea.KeyRunes {
		return append(single, k)
	}
	for _, r := range k.Runes {
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}
		if r == ' ' {
			one.Type = tea.KeySpace
		}
		single = append(single, one)
	}
	return single
}
