package coach

import (
	"strings"
	"unicode"
)

// Command is an entry of the command menu.
type Command struct {
	Name    string
	Summary string
}

type command struct {
	Command
	do     func(arg string) act
	hidden bool
}

// Commands is the menu, in its order.
func (c *Coach) Commands() []Command {
	var menu []Command
	for _, cmd := range c.commands {
		if !cmd.hidden {
			menu = append(menu, cmd.Command)
		}
	}
	return menu
}

func (c *Coach) table() []command {
	plainly := func(do act) func(string) act { return func(string) act { return do } }
	return []command{
		{Command{"start", "What this is, and your timezone"}, plainly(start), false},
		{Command{"help", "What you can write"}, plainly(help), false},
		{Command{"today", "What you ate today"}, plainly(today), false},
		{Command{"undo", "Take back your last log"}, plainly(undoLast), false},
		{Command{"remind", "Set a reminder: /remind tomorrow at 9 take pills"}, remindCommand, false},
		{Command{"reminders", "Your reminders"}, plainly(listReminders), false},
		{Command{"xp", "Your points, level and streak, and their rules"}, plainly(showProgress), false},
		{Command{"top", "The leaderboard: /top on, /top off"}, top, false},
		{Command{"timezone", "Your timezone"}, timezone, false},
		{Command{"forget", "Delete everything about you"}, plainly(forgetAsk), false},
		{Command{"activate", "Redeem an invite code"}, plainly(alreadyActive), true},
	}
}

// SplitCommand takes "/remind@bot tomorrow" apart into "remind" and "tomorrow"; false when the text is no command.
func SplitCommand(text string) (name, arg string, ok bool) {
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	rest, found := strings.CutPrefix(text, "/")
	if !found {
		return "", "", false
	}
	end := strings.IndexFunc(rest, unicode.IsSpace)
	if end < 0 {
		end = len(rest)
	}
	name, _, _ = strings.Cut(rest[:end], "@")
	if name == "" || strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) >= 0 {
		return "", "", false
	}
	return strings.ToLower(name), strings.TrimSpace(rest[end:]), true
}

// route finds the act for what a member did.
func (c *Coach) route(t *turn) act {
	switch t.in.Kind {
	case Tapped:
		return tapped
	case Media:
		return media
	case Returned:
		return nothing
	case Lost:
		return lost
	case Edited:
		return edited
	}
	name, arg, isCommand := SplitCommand(t.in.Text)
	if !isCommand {
		return plainText
	}
	for _, cmd := range c.commands {
		if cmd.Name == name {
			return cmd.do(arg)
		}
	}
	return unknownCommand
}
