package botapi

import (
	"encoding/json"
	"slices"
)

// Button is one button under a message.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
	Data string `json:"callback_data,omitempty"`
}

const (
	maxButtonData = 64
	maxButtons    = 100
)

// readKeyboard reads reply_markup: the inline buttons, if any, and whether the
// markup is of another kind (a reply keyboard, its removal, a forced reply).
func readKeyboard(p params) (rows [][]Button, other bool, err error) {
	var markup map[string]json.RawMessage
	given, err := p.object("reply_markup", &markup)
	if err != nil {
		return nil, false, badRequest("can't parse reply keyboard markup JSON object")
	}
	raw, inline := markup["inline_keyboard"]
	if !given || !inline {
		return nil, given && len(markup) > 0, nil
	}
	var fields [][]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, false, badRequest("can't parse inline keyboard: field \"inline_keyboard\" must be an Array of Arrays")
	}
	total := 0
	for _, row := range fields {
		buttons := make([]Button, 0, len(row))
		for _, f := range row {
			b, err := readButton(f)
			if err != nil {
				return nil, false, err
			}
			buttons = append(buttons, b)
		}
		if total += len(buttons); total > maxButtons {
			return nil, false, badRequest("reply markup is too long")
		}
		if len(buttons) > 0 {
			rows = append(rows, buttons)
		}
	}
	return rows, false, nil
}

// readButton checks one inline button. A URL is looked at before callback data and
// callback data before the other kinds, as Telegram does.
func readButton(f map[string]json.RawMessage) (Button, error) {
	var b Button
	text, ok := textField(f, "text")
	if !ok || text == "" {
		return b, badRequest("can't parse inline keyboard button: Field \"text\" must be a non-empty String")
	}
	b.Text = text
	if url, ok := textField(f, "url"); ok && url != "" {
		b.URL = url
		return b, nil
	}
	if data, ok := textField(f, "callback_data"); ok {
		if data == "" || len(data) > maxButtonData {
			return b, badRequest("BUTTON_DATA_INVALID")
		}
		b.Data = data
		return b, nil
	}
	for _, kind := range []string{"switch_inline_query", "switch_inline_query_current_chat", "web_app", "pay", "login_url"} {
		if _, ok := f[kind]; ok {
			return b, nil
		}
	}
	var copied struct{ Text string }
	if raw, ok := f["copy_text"]; ok && json.Unmarshal(raw, &copied) == nil && copied.Text != "" {
		return b, nil
	}
	return b, badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
}

func textField(f map[string]json.RawMessage, name string) (string, bool) {
	raw, ok := f[name]
	if !ok {
		return "", false
	}
	var text string
	return text, json.Unmarshal(raw, &text) == nil
}

func sameKeyboard(a, b [][]Button) bool {
	return slices.EqualFunc(a, b, slices.Equal[[]Button])
}
