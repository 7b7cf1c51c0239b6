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
	switch t.in.Kind {
	case Tapped:
		return []Out{{Kind: Answer, Class: store.CallbackAnswer}}, nil
	case Returned, Edited:
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
		return say(whatItIs + "\n\nThis bot is by invitation. Ask its administrator for a code, then send <code>/activate CODE</code>."), nil
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
	t.user = store.User{ID: t.in.UserID, Status: store.Active, Timezone: "UTC"}
	return []Out{askTimezone("Welcome! " + whatItIs + "\n\n🌍 Where are you? Then days and reminders follow your clock. Until then it is UTC.")}, nil
}

// lost answers a member who was a stranger when they wrote, and whose words were therefore not kept.
func lost(_ context.Context, t *turn) ([]Out, error) {
	t.quiet = true
	return say("You wrote this before you were a member, so it was not kept. Please send it once more."), nil
}

func alreadyActive(_ context.Context, t *turn) ([]Out, error) {
	t.quiet = true // the text holds a code
	return say("You are a member already. /help shows what you can write."), nil
}

func media(_ context.Context, t *turn) ([]Out, error) {
	return say("I can read text only. Please write what you ate, for example <i>2 eggs and toast</i>."), nil
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
