package botapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
)

func TestTokenAndMethod(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.refuse("sendGift", `{}`, 404, "method not found")
	r.accept("GETME", `{}`) // Telegram ignores case
	for path, want := range map[string]string{
		"/bot1:wrong/getMe": `{"ok":false,"error_code":401,"description":"Unauthorized"}`,
		"/elsewhere":        `{"ok":false,"error_code":404,"description":"Not Found"}`,
	} {
		resp, err := http.Get(r.url + path)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(raw) != want {
			t.Errorf("%s: %s", path, raw)
		}
	}
}

func TestFourEncodings(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello")
	r.accept("sendMessage", js("chat_id", 7, "text", "json ü"))
	r.accept("sendMessage", js("chat_id", "7", "text", "json string id"))
	form := url.Values{"chat_id": {"7"}, "text": {"form ü"}}
	if a, err := r.send(t.Context(), "sendMessage", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())); err != nil || !a.OK {
		t.Error(a, err)
	}
	resp, err := http.Get(r.url + "/bot" + token + "/sendMessage?" + url.Values{"chat_id": {"7"}, "text": {"query ü"}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("chat_id", "7")
	_ = w.WriteField("text", "multipart ü")
	_ = w.Close()
	chunked := io.MultiReader(&body) // of unknown length
	if a, err := r.send(t.Context(), "sendMessage", w.FormDataContentType(), chunked); err != nil || !a.OK {
		t.Error(a, err)
	}
	var got []string
	for _, m := range r.srv.Sent(7) {
		got = append(got, m.Text)
	}
	if s := strings.Join(got, ","); s != "json ü,json string id,form ü,query ü,multipart ü" {
		t.Errorf("sent %q", s)
	}
	if a, _ := r.send(t.Context(), "getMe", "multipart/form-data", strings.NewReader("x")); a.ErrorCode != 400 {
		t.Errorf("multipart without boundary: %d", a.ErrorCode)
	}
}

func TestSendMessageShape(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.SetUser(botapi.User{ID: 7, FirstName: "Maja", Username: "maja", LanguageCode: "sv"})
	_, asked := r.srv.Say(7, "hi")
	raw := r.accept("sendMessage", js("chat_id", 7, "text", " 🍳 <b>two</b> &lt;eggs&gt; ", "parse_mode", "HTML",
		"reply_parameters", map[string]any{"message_id": asked},
		"reply_markup", map[string]any{"inline_keyboard": [][]map[string]any{{{"text": "Undo", "callback_data": "u"}}}}))
	want := `{"message_id":2,"from":{"id":4242,"is_bot":true,"first_name":"Rehearsal","username":"rehearsal_bot"},` +
		`"chat":{"id":7,"type":"private","first_name":"Maja","username":"maja"},"date":1772366400,` +
		`"reply_to_message":{"message_id":1,"from":{"id":7,"is_bot":false,"first_name":"Maja","username":"maja","language_code":"sv"},` +
		`"chat":{"id":7,"type":"private","first_name":"Maja","username":"maja"},"date":1772366400,"text":"hi"},` +
		`"text":"🍳 two \u003ceggs\u003e","entities":[{"type":"bold","offset":3,"length":3}],` +
		`"reply_markup":{"inline_keyboard":[[{"text":"Undo","callback_data":"u"}]]}}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}

func TestSendMessageChecks(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello")
	text := func(s string) string { return js("chat_id", 7, "text", s) }
	html := func(s string) string { return js("chat_id", 7, "text", s, "parse_mode", "HTML") }
	button := func(b map[string]any) string {
		return js("chat_id", 7, "text", "x", "reply_markup", map[string]any{"inline_keyboard": [][]map[string]any{{b}}})
	}
	for _, c := range []struct{ name, body, want string }{
		{"no chat", js("text", "x"), "chat_id is empty"},
		{"stranger", js("chat_id", 8, "text", "x"), "chat not found"},
		{"name", js("chat_id", "@nobody", "text", "x"), "chat not found"},
		{"empty", text(""), "message text is empty"},
		{"blank", text(" \n\t\r "), "message text is empty"},
		{"only tags", html("<b></b>"), "message text is empty"},
		{"long", text(strings.Repeat("a", 4097)), "message is too long"},
		{"long in UTF-16", text(strings.Repeat("🍳", 2048) + "a"), "message is too long"},
		{"other mode", js("chat_id", 7, "text", "x", "parse_mode", "MarkdownV2"), "unsupported parse_mode"},
		{"bare less", html("1 < 2"), "can't parse entities: Unsupported start tag"},
		{"bare ampersand", html("salt & pepper"), "can't parse entities: Unescaped character '&'"},
		{"unknown reference", html("a&nbsp;b"), "can't parse entities"},
		{"unknown tag", html("<p>x</p>"), "Unsupported start tag \"p\""},
		{"not closed", html("<b>x"), "Can't find end tag corresponding to start tag \"b\""},
		{"not opened", html("x</b>"), "Unexpected end tag at byte offset 1"},
		{"crossed", html("<b><i>x</b></i>"), "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\""},
		{"cut", html("x <b"), "Unclosed start tag"},
		{"cut end", html("<b>x</b"), "Unclosed end tag"},
		{"cut quote", html(`<a href="x>y</a>`), "Unclosed start tag"},
		{"span", html("<span>x</span>"), "must have class \"tg-spoiler\""},
		{"entities", `{"chat_id":7,"text":"x","entities":"{"}`, "can't parse entities"},
		{"no data", button(map[string]any{"text": "b", "callback_data": ""}), "BUTTON_DATA_INVALID"},
		{"long data", button(map[string]any{"text": "b", "callback_data": strings.Repeat("x", 65)}), "BUTTON_DATA_INVALID"},
		{"long data in bytes", button(map[string]any{"text": "b", "callback_data": strings.Repeat("ü", 33)}), "BUTTON_DATA_INVALID"},
		{"no label", button(map[string]any{"text": "", "callback_data": "x"}), "can't parse inline keyboard button"},
		{"no kind", button(map[string]any{"text": "b"}), "Text buttons are unallowed"},
		{"bad markup", `{"chat_id":7,"text":"x","reply_markup":"{"}`, "can't parse reply keyboard markup JSON object"},
		{"bad rows", `{"chat_id":7,"text":"x","reply_markup":{"inline_keyboard":[1]}}`, "Array of Arrays"},
		{"reply", js("chat_id", 7, "text", "x", "reply_parameters", map[string]any{"message_id": 99}), "message to be replied not found"},
		{"old reply", js("chat_id", 7, "text", "x", "reply_to_message_id", 99), "message to be replied not found"},
		{"bytes", "{\"chat_id\":7,\"text\":\"\xff\"}", "strings must be encoded in UTF-8"},
		{"body", "{", "can't parse request body"},
	} {
		t.Run(c.name, func(t *testing.T) { r.refuse("sendMessage", c.body, 400, c.want) })
	}
	if n := len(r.srv.Sent(7)); n != 0 {
		t.Errorf("%d refused messages were sent", n)
	}
	for _, body := range []string{
		text(strings.Repeat("a", 4096)), text(strings.Repeat("🍳", 2048)),
		html("<b>" + strings.Repeat("&amp;", 4096) + "</b>"), // counted after parsing
		text("1 < 2 & 3"), html("no markup at all > really"),
		html(`<a href="https://example.org/?a=1&amp;b=2">link</a> <code class="language-go">x</code>`),
		html("<blockquote expandable>x</blockquote><tg-spoiler>y</tg-spoiler><span class='tg-spoiler'>z</span>&#128512;&#x41;&quot;"),
		button(map[string]any{"text": "b", "callback_data": strings.Repeat("x", 64), "copy_text": map[string]any{"text": ""}}),
		button(map[string]any{"text": "b", "url": "https://example.org"}),
		js("chat_id", 7, "text", "x", "reply_parameters", map[string]any{"message_id": 99, "allow_sending_without_reply": true}),
		js("chat_id", 7, "text", "x", "reply_markup", map[string]any{"remove_keyboard": true}),
		js("chat_id", 7, "text", "x", "parse_mode", nil, "reply_markup", nil, "reply_parameters", nil),
	} {
		r.accept("sendMessage", body)
	}
	if a, err := r.send(t.Context(), "sendMessage", "application/x-www-form-urlencoded", strings.NewReader("chat_id=7&text=%ff")); err != nil || a.ErrorCode != 400 {
		t.Error(a, err)
	}
}

func TestEditing(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, mine := r.srv.Say(7, "hello")
	keyboard := map[string]any{"inline_keyboard": [][]map[string]any{{{"text": "Undo", "callback_data": "u"}}}}
	edit := func(id int, text string, markup any) string {
		return js("chat_id", 7, "message_id", id, "text", text, "parse_mode", "HTML", "reply_markup", markup)
	}
	r.accept("sendMessage", js("chat_id", 7, "text", "<b>card</b>", "parse_mode", "HTML", "reply_markup", keyboard))
	r.refuse("editMessageText", edit(2, "<b>card</b>", keyboard), 400, "message is not modified")
	r.refuse("editMessageText", edit(2, "<strong>card</strong>", keyboard), 400, "message is not modified")
	r.accept("editMessageText", edit(2, "card", keyboard)) // other formatting is a change
	r.accept("editMessageText", edit(2, "card", nil))      // so is other markup
	r.refuse("editMessageReplyMarkup", js("chat_id", 7, "message_id", 2), 400, "message is not modified")
	r.accept("editMessageReplyMarkup", js("chat_id", 7, "message_id", 2, "reply_markup", keyboard))
	r.refuse("editMessageText", edit(mine, "x", nil), 400, "message can't be edited")
	r.refuse("editMessageText", edit(99, "x", nil), 400, "message to edit not found")
	r.refuse("editMessageText", edit(2, "", nil), 400, "message text is empty")
	r.refuse("editMessageText", js("chat_id", 7, "message_id", 2, "text", "x", "reply_markup", map[string]any{"force_reply": true}), 400, "inline keyboard expected")
	if got := r.srv.Sent(7)[0]; got.Text != "card" || got.Edits != 3 || got.Buttons[0][0].Data != "u" {
		t.Errorf("now %+v", got)
	}
	r.refuse("deleteMessage", js("chat_id", 7, "message_id", 99), 400, "message to delete not found")
	r.accept("deleteMessage", js("chat_id", 7, "message_id", 2))
	r.refuse("editMessageText", edit(2, "x", nil), 400, "message to edit not found")
	r.clock.Advance(49 * time.Hour)
	r.refuse("deleteMessage", js("chat_id", 7, "message_id", mine), 400, "can't be deleted")
}

func TestCallbackAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello")
	r.accept("sendMessage", js("chat_id", 7, "text", "card"))
	tap := func() string {
		r.srv.Tap(7, 2, "undo")
		var got []struct {
			ID    int64 `json:"update_id"`
			Query struct {
				ID, Data string
				Message  struct {
					Text string
					Date int64
				}
			} `json:"callback_query"`
		}
		if err := json.Unmarshal(r.accept("getUpdates", `{"offset":-1}`), &got); err != nil || len(got) != 1 {
			t.Fatal(err, got)
		}
		if q := got[0].Query; q.Data != "undo" || q.Message.Text != "card" || q.Message.Date == 0 {
			t.Errorf("tap is %+v", q)
		}
		return got[0].Query.ID
	}
	id := tap()
	r.refuse("answerCallbackQuery", js("callback_query_id", id, "text", strings.Repeat("x", 201)), 400, "MESSAGE_TOO_LONG")
	r.clock.Advance(15 * time.Second)
	r.accept("answerCallbackQuery", js("callback_query_id", id))
	r.clock.Advance(time.Millisecond)
	const old = "query is too old and response timeout expired or query ID is invalid"
	r.refuse("answerCallbackQuery", js("callback_query_id", id), 400, old)
	r.refuse("answerCallbackQuery", js("callback_query_id", "123"), 400, old)
	r.clock.Advance(time.Hour)
	tap() // lets the old one go
	if st := r.srv.Stats(); st.Taps != 2 || st.TapsAnswered != 1 || st.Errors["Bad Request: "+old] != 2 {
		t.Errorf("stats %+v", st)
	}
}

func TestReactionsActionsCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, id := r.srv.Say(7, "hello")
	react := func(id int, emoji string) string {
		return js("chat_id", 7, "message_id", id, "reaction", []map[string]string{{"type": "emoji", "emoji": emoji}})
	}
	r.accept("setMessageReaction", react(id, "👍"))
	r.refuse("setMessageReaction", react(id, "🥦"), 400, "REACTION_INVALID")
	r.refuse("setMessageReaction", react(9, "👍"), 400, "message to react not found")
	r.accept("sendChatAction", js("chat_id", 7, "action", "typing"))
	r.refuse("sendChatAction", js("chat_id", 7, "action", "dancing"), 400, "wrong parameter action")
	command := func(name, about string) string {
		return js("commands", []botapi.BotCommand{{Command: name, Description: about}}, "language_code", "sv")
	}
	r.accept("setMyCommands", command("today", "what you ate"))
	if got := string(r.accept("getMyCommands", `{"language_code":"sv"}`)); got != `[{"command":"today","description":"what you ate"}]` {
		t.Errorf("menu %s", got)
	}
	if got := string(r.accept("getMyCommands", `{}`)); got != `[]` {
		t.Errorf("default menu %s", got)
	}
	for _, bad := range []string{"Today", "", "a-b", strings.Repeat("x", 33)} {
		r.refuse("setMyCommands", command(bad, "x"), 400, "BOT_COMMAND_INVALID")
	}
	r.refuse("setMyCommands", command("x", ""), 400, "BOT_COMMAND_DESCRIPTION_INVALID")
	r.refuse("setMyCommands", js("commands", make([]botapi.BotCommand, 101)), 400, "BOT_COMMANDS_TOO_MUCH")
	r.accept("deleteMyCommands", `{"language_code":"sv"}`)
	if len(r.srv.Commands("sv")) != 0 {
		t.Error("menu was not deleted")
	}
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, id := r.srv.Say(7, "hello")
	r.srv.Block(7)
	const want = "Forbidden: bot was blocked by the user"
	r.refuse("sendMessage", js("chat_id", 7, "text", "x"), 403, want)
	r.refuse("sendChatAction", js("chat_id", 7, "action", "typing"), 403, want)
	r.refuse("setMessageReaction", js("chat_id", 7, "message_id", id), 403, want)
	r.srv.Unblock(7)
	r.accept("sendMessage", js("chat_id", 7, "text", "x"))
	got := string(r.accept("getUpdates", `{"offset":101}`))
	if !strings.Contains(got, `"new_chat_member":{"user":{"id":4242,`) || strings.Count(got, `"status":"kicked"`) != 2 {
		t.Errorf("updates %s", got)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello")
	upload := func(content string) answer {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		_ = w.WriteField("chat_id", "7")
		_ = w.WriteField("caption", "your week")
		f, _ := w.CreateFormFile("photo", "week.png")
		_, _ = io.WriteString(f, content)
		_ = w.Close()
		a, err := r.send(t.Context(), "sendPhoto", w.FormDataContentType(), &body)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := upload("\x89PNG\xff"); !a.OK || !strings.Contains(string(a.Result), `"caption":"your week"`) {
		t.Errorf("%+v %s", a, a.Result)
	}
	if a := upload(""); a.ErrorCode != 400 {
		t.Errorf("empty file: %+v", a)
	}
	r.refuse("sendDocument", js("chat_id", 7), 400, "there is no document in the request")
	r.accept("sendDocument", js("chat_id", 7, "document", "document-7-2"))
	r.refuse("sendDocument", js("chat_id", 7, "document", "x", "caption", strings.Repeat("x", 1025)), 400, "caption is too long")
	r.refuse("editMessageText", js("chat_id", 7, "message_id", 2, "text", "x"), 400, "there is no text in the message to edit")
	if got := r.srv.Sent(7); len(got) != 2 || got[0].File != "photo" || got[0].FileSize != 5 {
		t.Errorf("sent %+v", got)
	}
}

func TestEditedAndCommandUpdates(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, id := r.srv.Say(7, "👋 /start@coach_bot payload and/or 1/2")
	r.srv.Edit(7, id, "3 eggs")
	if r.srv.Edit(7, 99, "x") != 0 {
		t.Error("edited a message that does not exist")
	}
	got := string(r.accept("getUpdates", `{}`))
	for _, want := range []string{
		`"entities":[{"type":"bot_command","offset":3,"length":16}]`,
		`"edited_message":{"message_id":1,`, `"edit_date":1772366400,"text":"3 eggs"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *botapi.Config) { c.Limits = botapi.Limits{GroupPerMinute: 2} })
	r.srv.SayIn(-5, 7, "/top")
	if got := string(r.accept("getUpdates", `{}`)); !strings.Contains(got, `"chat":{"id":-5,"type":"group","title":"Group 5"}`) {
		t.Errorf("update %s", got)
	}
	send := js("chat_id", -5, "text", "x")
	r.accept("sendMessage", send)
	r.clock.Advance(30 * time.Second)
	r.accept("sendMessage", send)
	r.clock.Advance(29 * time.Second)
	r.refuse("sendMessage", send, 429, "retry after 1")
	r.clock.Advance(time.Second)
	r.accept("sendMessage", send)
	r.refuse("sendMessage", send, 429, "retry after 30")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *botapi.Config) {
		c.Limits = botapi.Limits{Overall: 10, OverallBurst: 4, PerChat: 0.5, ChatBurst: 2}
	})
	send := func(chat int) string { return js("chat_id", chat, "text", "x") }
	for chat := 1; chat <= 6; chat++ {
		r.srv.Say(int64(chat), "hi")
	}
	r.accept("sendMessage", send(1))
	r.accept("sendMessage", send(1))
	a := r.post("sendMessage", send(1))
	if a.ErrorCode != 429 || a.Parameters.RetryAfter != 2 || a.header.Get("Retry-After") != "2" || a.Description != "Too Many Requests: retry after 2" {
		t.Errorf("third message: %+v", a)
	}
	r.accept("sendMessage", send(2)) // a refused one has cost nothing
	r.accept("sendMessage", send(3))
	r.refuse("sendMessage", send(4), 429, "retry after 1") // overall
	r.clock.Advance(100 * time.Millisecond)
	r.accept("sendMessage", send(4))
	r.refuse("sendMessage", send(5), 429, "retry after 1")
	r.clock.Advance(2 * time.Second)
	r.accept("sendMessage", send(1))
	r.refuse("sendMessage", send(1), 429, "retry after 2")
	if n := r.srv.Stats().TooMany; n != 4 {
		t.Errorf("%d 429s", n)
	}
}

func TestKeepMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *botapi.Config) { c.KeepMessages, c.KeepEvents = 3, 4 })
	for i := range 10 {
		r.srv.Say(7, strconv.Itoa(i))
		r.accept("sendMessage", js("chat_id", 7, "text", "re "+strconv.Itoa(i)))
	}
	if n := len(r.srv.Sent(7)); n != 2 {
		t.Errorf("%d messages kept", n)
	}
	r.accept("sendMessage", js("chat_id", 7, "text", "x", "reply_parameters", map[string]any{"message_id": 1}))
	r.refuse("sendMessage", js("chat_id", 7, "text", "x", "reply_parameters", map[string]any{"message_id": 22}), 400, "replied")
	events := r.srv.Transcript().Events()
	if len(events) != 4 || events[0].Seq != 19 || events[3].Seq != 22 || events[2].Kind != botapi.Sent || events[2].ReplyTo != 1 {
		t.Errorf("events %+v", events)
	}
}
