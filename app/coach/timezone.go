package coach

import (
	"context"
	"fmt"
	"slices"

	"healthagent/app/remind"
	"healthagent/store"
)

// region is a page of the timezone buttons.
type region struct {
	name  string
	zones []string
}

// regions are the zones that have buttons; any other can be written.
func regions() []region {
	return []region{
		{"Europe", []string{
			"Europe/London", "Europe/Lisbon", "Europe/Paris", "Europe/Madrid", "Europe/Berlin", "Europe/Rome", "Europe/Stockholm",
			"Europe/Warsaw", "Europe/Athens", "Europe/Helsinki", "Europe/Kyiv", "Europe/Istanbul", "Europe/Moscow",
		}},
		{"Americas", []string{
			"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
			"Pacific/Honolulu", "America/Toronto", "America/Halifax", "America/Mexico_City", "America/Bogota", "America/Lima",
			"America/Santiago", "America/Sao_Paulo", "America/Argentina/Buenos_Aires",
		}},
		{"Asia", []string{
			"Asia/Jerusalem", "Asia/Dubai", "Asia/Tehran", "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok",
			"Asia/Jakarta", "Asia/Singapore", "Asia/Manila", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Seoul", "Asia/Tokyo",
		}},
		{"Africa", []string{
			"Africa/Casablanca", "Africa/Lagos", "Africa/Cairo", "Africa/Johannesburg", "Africa/Nairobi", "Africa/Accra",
		}},
		{"Oceania", []string{
			"Australia/Perth", "Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney", "Pacific/Auckland", "Pacific/Fiji",
		}},
	}
}

// askTimezone asks by buttons where a person is: first the part of the world. The name of a city is an answer too.
func (t *turn) askTimezone(text string) Out {
	t.next = &question{About: "timezone"}
	return Out{Kind: Say, HTML: text, Buttons: regionButtons()}
}

func regionButtons() [][]Button {
	var rows [][]Button
	for i, r := range regions() {
		if i%3 == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], Button{r.name, "z:>" + r.name})
	}
	rows[len(rows)-1] = append(rows[len(rows)-1], Button{"UTC", "z:UTC"})
	return rows
}

// zoneButtons are the cities of a region with the clock that they show now: that is how people recognise theirs.
func (t *turn) zoneButtons(r region) [][]Button {
	var rows [][]Button
	for i, zone := range r.zones {
		if i%2 == 0 {
			rows = append(rows, nil)
		}
		label := cityOf(zone) + " " + t.now.In(location(zone)).Format("15:04")
		rows[len(rows)-1] = append(rows[len(rows)-1], Button{label, "z:" + zone})
	}
	return append(rows, []Button{{"« Back", "z:<"}})
}

// hasButton reports whether a zone is among the regions'.
func hasButton(zone string) bool {
	return slices.ContainsFunc(regions(), func(r region) bool { return slices.Contains(r.zones, zone) })
}

// timezone shows the buttons, or takes a zone or a city that is written.
func timezone(arg string) act {
	return func(ctx context.Context, t *turn) ([]Out, error) {
		if arg == "" {
			return []Out{t.askTimezone(t.zoneText() + " Where are you? Or write it: <code>/timezone Stockholm</code>.")}, nil
		}
		zone, ok := findZone(arg)
		if !ok {
			return []Out{t.askTimezone(fmt.Sprintf("🌍 I do not know the timezone “%s”. Choose where you are, or write a city such as "+
				"<code>/timezone Stockholm</code>.", esc(snippet(arg))))}, nil
		}
		text, err := t.settle(ctx, zone)
		return say("%s", text), err
	}
}

// zoneText says which clock a person's times follow.
func (t *turn) zoneText() string {
	clock := t.now.In(t.loc).Format("15:04")
	if t.user.TimezoneSetAt == nil {
		return fmt.Sprintf("🌍 You have not chosen a timezone yet, so your clock is UTC (now %s).", clock)
	}
	return fmt.Sprintf("🌍 Your timezone is <b>%s</b> (now %s there).", esc(t.user.Timezone), clock)
}

// clockHint goes under times that are UTC for want of a choice.
func (t *turn) clockHint() string {
	if t.user.TimezoneSetAt != nil {
		return ""
	}
	return "\n\n<i>Times are in UTC until you choose your /timezone.</i>"
}

func timezoneTapped(ctx context.Context, t *turn, code string) ([]Out, error) {
	if code == "<" {
		return append(answer(""), t.change("🌍 Where are you?", regionButtons()...)), nil
	}
	for _, r := range regions() {
		if code == ">"+r.name {
			return append(answer(""), t.change("🌍 Which of these has your clock?", t.zoneButtons(r)...)), nil
		}
	}
	zone, ok := findZone(code)
	if !ok {
		return outdated(), nil
	}
	text, err := t.settle(ctx, zone)
	return append(answer("Set"), t.change(text)), err
}

// settle stores the zone and moves the reminders that follow the person's clock.
func (t *turn) settle(ctx context.Context, zone string) (string, error) {
	to := location(zone)
	var list []store.Reminder
	t.tx.LockReminders(&list, t.user.ID)
	if err := t.tx.Flush(ctx); err != nil {
		return "", err
	}
	moved := 0
	for _, r := range list {
		rule, err := remind.ParseRule(r.Rule)
		if r.Rule == "" || err != nil { // an instant, wherever its person is
			continue
		}
		next, shifted, ok := remind.Shift(rule, r.Next, t.loc, to, t.now)
		if !ok || next.Equal(r.Next) {
			continue
		}
		r.Next, r.Rule = next, shifted.String()
		t.tx.MoveReminder(r)
		moved++
	}
	t.tx.SetTimezone(t.user.ID, zone, t.now)
	t.tx.AfterCommit(func(context.Context) { t.Reminders() })
	text := fmt.Sprintf("🌍 Your timezone is <b>%s</b>: it is %s there.", esc(zone), t.now.In(to).Format("15:04"))
	if moved > 0 {
		text += fmt.Sprintf(" %d of your reminders moved with it.", moved)
	}
	return text, nil
}
