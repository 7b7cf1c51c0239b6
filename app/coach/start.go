package coach

import (
	"context"
	"strings"
)

func start(_ context.Context, t *turn) ([]Out, error) {
	if t.user.TimezoneSetAt != nil {
		return say("%s\n\n%s /timezone changes it, /help shows what you can write.", whatItIs, t.zoneText()), nil
	}
	return []Out{t.askTimezone(whatItIs + whereAreYou)}, nil
}

const whereAreYou = "\n\n🌍 Where are you? Then days and reminders follow your clock. Until then it is UTC; you can start at once."

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
