package coach

import (
	"context"
	"strings"
)

// plainText answers a text that is no command: an answer to a question, a reminder, food, or small talk.
func plainText(ctx context.Context, t *turn) ([]Out, error) {
	text := strings.TrimSpace(t.in.Text)
	lower := strings.ToLower(text)
	switch {
	case text == "":
		return say("That was an empty message. Write what you ate, or /help."), nil
	case inCrisis(lower):
		return say(crisisText), nil
	case t.asked != nil:
		if outs, understood, err := answered(ctx, t); understood || err != nil {
			return outs, err
		}
	}
	switch {
	case strings.HasPrefix(lower, "remind"):
		return setReminder(ctx, t, text)
	case len(t.reading.Items) > 0:
		return logFood(ctx, t)
	}
	if outs, ok, err := correctTime(ctx, t, text); ok || err != nil {
		return outs, err
	}
	if reply, ok := smallTalk(lower); ok {
		return say("%s", reply), nil
	}
	if t.asked != nil && t.asked.About != "timezone" {
		t.next = t.asked // it still waits for an answer
	}
	return say("%s", puzzled(text, t.reading)), nil
}

// answered treats the text as the answer to what was asked; false when it is none, and is then taken for itself.
func answered(ctx context.Context, t *turn) ([]Out, bool, error) {
	switch t.asked.About {
	case "edit":
		if len(t.reading.Items) == 0 {
			return nil, false, nil
		}
		outs, err := replaceFood(ctx, t, t.asked.Message)
		return outs, true, err
	case "time":
		return moveTo(ctx, t, t.asked.Message, t.in.Text)
	case "remind":
		return completeReminder(ctx, t)
	case "timezone":
		zone, ok := findZone(t.in.Text)
		if !ok || len(t.reading.Items) > 0 { // Turkey is a zone and a bird
			return nil, false, nil
		}
		text, err := t.settle(ctx, zone)
		return say("%s", text), true, err
	}
	return nil, false, nil
}

// captioned answers what is not text but came with one.
func captioned(ctx context.Context, t *turn) ([]Out, error) {
	switch {
	case t.reading == nil: // a command under a picture
		return media(false)(ctx, t)
	case inCrisis(strings.ToLower(t.in.Text)):
		return say(crisisText), nil
	case len(t.reading.Items) > 0:
		return logFood(ctx, t)
	}
	return say("I can only read the text under it. %s", puzzled(t.in.Text, t.reading)), nil
}

// media answers what holds no text at all; a picture that was exchanged for another is no new message.
func media(changed bool) act {
	return func(context.Context, *turn) ([]Out, error) {
		if changed {
			return nil, nil
		}
		return say("I can read text only. Please write what you ate, for example <i>2 eggs and toast</i>."), nil
	}
}

// smallTalk are the few things that people say to anybody.
func smallTalk(lower string) (string, bool) {
	switch strings.Trim(lower, " .!?👋🙏❤️") {
	case "hi", "hello", "hey", "hej", "hola", "hallo", "good morning", "good evening", "good day", "moin":
		return "Hello! Write what you ate, for example <i>2 eggs and toast</i>, or /help.", true
	case "thanks", "thank you", "thx", "tack", "gracias", "danke", "ok", "okay", "cool", "great", "nice", "perfect":
		return "You are welcome.", true
	case "how are you", "how are you doing", "what's up", "whats up":
		return "Ready to count. What did you eat?", true
	}
	return "", false
}

const crisisText = "That sounds very hard, and I am only a program that counts food. Please talk to somebody now: the people near you, " +
	"your doctor, or the emergency number where you are (112 in Europe, 911 or 988 in the USA). " +
	"You will find a helpline for your country at findahelpline.com."

// inCrisis recognises words that a program must not answer with a calorie count.
func inCrisis(lower string) bool {
	lower = strings.Join(strings.Fields(strings.ReplaceAll(lower, "’", "'")), " ")
	for _, words := range []string{
		"kill myself", "killing myself", "suicide", "suicidal", "want to die", "wanna die", "end my life", "hurt myself", "hurting myself",
		"harm myself", "harming myself", "self-harm", "self harm", "don't want to live", "do not want to live", "want to end it all",
	} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}
