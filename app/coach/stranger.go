package coach

import (
	"context"
	"strings"
	"unicode"

	"healthagent/store"
)

const whatItIs = "I am a <b>health coach</b>: write what you ate in plain words (<i>2 eggs and 150 g rice</i>) and I keep count; " +
	"tell me what to remind you of and I will.\n\n" +
	"I am not a doctor and no replacement for one. What you write is stored on this server only; /forget deletes all of it."

// stranger answers somebody who is no member. Nothing that they wrote is kept.
func stranger(ctx context.Context, t *turn) ([]Out, error) {
	t.quiet = true
	switch {
	case t.in.Kind == Tapped:
		return answer(""), nil
	case t.in.Kind == Returned, t.in.Kind == Edited, t.in.Update.Kind != "message" && t.in.Kind == Lost:
		return nil, nil
	}
	command, arg, _ := SplitCommand(t.in.Text)
	if command == "start" && arg != "" { // a link with the code in it
		command = "activate"
	}
	switch {
	case t.user.Status == store.Inactive:
		return say("Your access to this bot has been ended by its administrator."), nil
	case command == "activate":
		return activate(ctx, t, arg)
	case command == "start":
		t.tx.Register(t.in.UserID, store.Pending, t.in.Name)
		return say("%s", whatItIs+"\n\nThis bot is by invitation. Ask its administrator for a code, then send <code>/activate CODE</code>."), nil
	case t.Open:
		return lost(ctx, t)
	}
	return say("This bot is by invitation, and nothing of what you wrote was kept. If you have a code, send <code>/activate CODE</code>."), nil
}

func activate(ctx context.Context, t *turn, code string) ([]Out, error) {
	if code == "" {
		return say("Please send the code with it: <code>/activate CODE</code>."), nil
	}
	code = canonicalCode(code)
	var good int64
	t.tx.RedeemInvite(&good, code, t.now)
	if err := t.tx.Flush(ctx); err != nil {
		return nil, err
	}
	if good == 0 {
		return say("That code is not valid: it may be mistyped, used up, expired or revoked. Please ask for a new one."), nil
	}
	t.tx.Activate(t.in.UserID, t.in.Name, &code)
	t.user.ID, t.user.Status = t.in.UserID, store.Active
	t.quiet = false
	if t.user.TimezoneSetAt != nil {
		return say("Welcome back! %s\n\n%s", whatItIs, t.zoneText()), nil
	}
	return []Out{t.askTimezone("Welcome! " + whatItIs + whereAreYou)}, nil
}

// lost answers a member who was a stranger when they wrote, and whose words were therefore not kept.
func lost(_ context.Context, t *turn) ([]Out, error) {
	t.quiet = true
	if t.in.Update.Kind != "message" { // a button or the like: there is nothing to send once more
		return nil, nil
	}
	return say("You wrote this before you were a member, so it was not kept. Please send it once more."), nil
}

func alreadyActive(_ context.Context, t *turn) ([]Out, error) {
	return say("You are a member already. /help shows what you can write."), nil
}

func unknownCommand(_ context.Context, t *turn) ([]Out, error) {
	return say("I do not know that command. /help shows what you can write."), nil
}

// canonicalCode forgives small letters, spaces and dashes in a code that was typed from paper.
func canonicalCode(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}
