package coach

import (
	"context"
	"strings"
)

func start(ctx context.Context, t *turn) ([]Out, error) {
	if t.user.TimezoneSetAt != nil {
		return say("%s\n\nYour timezone is <b>%s</b>; /timezone changes it. /help shows what you can write.", whatItIs, esc(t.user.Timezone)), nil
	}
	return []Out{askTimezone(whatItIs + "\n\n🌍 Where are you? Then days and reminders follow your clock. Until then it is UTC; you can start at once.")}, nil
}

func help(_ context.Context, t *turn) ([]Out, error) {
	var b strings.Builder
	b.WriteString("<b>Food</b>: just write it.\n" +
		"<i>2 eggs and 150 g rice</i>\n<i>coffee with milk</i>\n<i>half an avocado for breakfast</i>\n<i>1 cup oats yesterday 13:00</i>\n" +
		"Under each log are Undo, Edit and Time; editing your message corrects its log.\n\n" +
		"<b>Reminders</b>\n<i>/remind tomorrow at 9 take pills</i>\n<i>remind me every weekday at 7:30 to stretch</i>\n" +
		"<i>remind me in 20 minutes to drink water</i>\n\n<b>Commands</b>\n")
	for _, c := range t.Commands() {
		b.WriteString("/" + c.Name + " — " + esc(c.Summary) + "\n")
	}
	return say("%s", strings.TrimSuffix(b.String(), "\n")), nil
}

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
	case lower == "undo":
		return undoLast(ctx, t)
	case len(t.reading.Items) > 0:
		return logFood(ctx, t)
	}
	if outs, ok, err := correctTime(ctx, t, text); ok || err != nil {
		return outs, err
	}
	if reply, ok := smallTalk(lower); ok {
		return say("%s", reply), nil
	}
	return say("%s", unknownText(t.reading)), nil
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
		if len(t.reading.Items) > 0 {
			return nil, false, nil
		}
		outs, err := setReminder(ctx, t, t.in.Text)
		return outs, true, err
	}
	return nil, false, nil
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
	for _, words := range []string{
		"kill myself", "suicide", "suicidal", "want to die", "end my life", "hurt myself", "harm myself", "self-harm", "self harm",
	} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}
