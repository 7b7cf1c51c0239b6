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
	// looks reports that the command only reads. It is done before the transaction then: what it reads comes over a connection of
	// the pool, and somebody who waits for one while holding another may wait for ever.
	looks func(arg string) bool
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
	bare := func(arg string) bool { return arg == "" }
	always := func(string) bool { return true }
	return []command{
		{Command: Command{"start", "What this is, and your timezone"}, do: plainly(start)},
		{Command: Command{"help", "What you can write"}, do: plainly(help)},
		{Command: Command{"today", "What you ate today"}, do: plainly(today), looks: always},
		{Command: Command{"favourites", "What you eat most"}, do: plainly(favourites), looks: always},
		{Command: Command{"favorites", "What you eat most"}, do: plainly(favourites), looks: always, hidden: true},
		{Command: Command{"undo", "Take back your last log"}, do: plainly(undoLast)},
		{Command: Command{"remind", "Set a reminder: /remind tomorrow at 9 take pills"}, do: remindCommand},
		{Command: Command{"reminders", "Your reminders"}, do: plainly(listReminders)},
		{Command: Command{"xp", "Your points, level and streak, and their rules"}, do: plainly(showProgress)},
		{Command: Command{"top", "The leaderboard: /top on, /top off"}, do: top, looks: bare},
		{Command: Command{"timezone", "Your timezone"}, do: timezone},
		{Command: Command{"forget", "Delete everything about you"}, do: plainly(forgetAsk)},
		{Command: Command{"activate", "Redeem an invite code"}, do: plainly(alreadyActive), hidden: true},
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

// route finds the act for what a member did; looks tells that it only reads and is done before the transaction.
func (c *Coach) route(t *turn) (do act, looks bool) {
	changed := t.in.Update.Kind == "edited_message"
	switch {
	case t.in.Kind == Tapped:
		return tapped, false
	case t.in.Kind == Returned, t.in.Kind == Blocked:
		return nothing, false
	case t.in.Kind == Lost:
		return lost, false
	case t.in.Kind == Media && t.in.Text == "":
		return media(changed), false
	case t.in.Kind == Edited, changed:
		return edited, false
	case t.in.Kind == Media:
		return captioned, false
	}
	name, arg, isCommand := SplitCommand(t.in.Text)
	if !isCommand {
		// today and its like mean the command, slash or not
		name = strings.ToLower(strings.TrimSpace(t.in.Text))
	}
	for _, cmd := range c.commands {
		if cmd.Name == name && (isCommand || t.asked == nil && !cmd.hidden) {
			return cmd.do(arg), cmd.looks != nil && cmd.looks(arg)
		}
	}
	if isCommand {
		return unknownCommand, false
	}
	return plainText, false
}
