package act

import (
	"healthagent/tui/keys"
	"healthagent/tui/source"
)

// Effect is something that has to be done: one of AskPreview, Do, Leave, Copy and OpenScreen.
type Effect interface{ effect() }

// AskPreview wants the preview of an act. What comes of it is told with Previewed and the same number.
type AskPreview struct {
	Seq int
	Act source.Act
}

// Do wants an act to be done, once. What comes of it is told with Started and the same number, an error too, however late.
type Do struct {
	Seq          int
	Act          source.Act
	Token, Typed string
}

// Leave closes the dialog. A run goes on.
type Leave struct{}

// Copy puts a text on the clipboard.
type Copy struct{ Text string }

// OpenScreen closes the dialog and opens a screen with something selected.
type OpenScreen struct {
	Screen  keys.Action
	Subject string
}

func (AskPreview) effect() {}
func (Do) effect()         {}
func (Leave) effect()      {}
func (Copy) effect()       {}
func (OpenScreen) effect() {}
