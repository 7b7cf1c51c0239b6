package botapi_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"healthagent/app/rehearsal/botapi"
)

// TestRealClient lets the library that bots are written with talk to the server.
func TestRealClient(t *testing.T) {
	t.Parallel()
	srv := botapi.New(botapi.Config{Token: token, Username: "coach_bot"})
	t.Cleanup(srv.Close)
	url, err := srv.Start("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var handling sync.WaitGroup // the library does not wait for its handlers
	handler := func(ctx context.Context, b *tg.Bot, u *models.Update) {
		handling.Add(1)
		defer handling.Done()
		switch {
		case u.Message != nil:
			if _, err := b.SendMessage(ctx, &tg.SendMessageParams{
				ChatID: u.Message.Chat.ID, Text: "<b>you said</b> " + u.Message.Text, ParseMode: models.ParseModeHTML,
				ReplyParameters: &models.ReplyParameters{MessageID: u.Message.ID},
				ReplyMarkup: models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{
					{{Text: "Undo", CallbackData: "undo:1"}},
				}},
			}); err != nil && u.Message.Chat.ID != 7 {
				t.Errorf("send: %v", err)
			}
		case u.CallbackQuery != nil:
			if _, err := b.AnswerCallbackQuery(ctx, &tg.AnswerCallbackQueryParams{CallbackQueryID: u.CallbackQuery.ID, Text: "done"}); err != nil {
				t.Errorf("answer: %v", err)
			}
			m := u.CallbackQuery.Message.Message
			if _, err := b.EditMessageText(ctx, &tg.EditMessageTextParams{ChatID: m.Chat.ID, MessageID: m.ID, Text: "undone"}); err != nil {
				t.Errorf("edit: %v", err)
			}
		}
	}
	b, err := tg.New(token, tg.WithServerURL(url), tg.WithDefaultHandler(handler))
	if err != nil {
		t.Fatal(err)
	}
	me, err := b.GetMe(ctx)
	if err != nil || me.Username != "coach_bot" || me.ID != 4242 || !me.IsBot {
		t.Fatalf("getMe: %+v %v", me, err)
	}
	if _, err := b.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: []models.BotCommand{{Command: "help", Description: "what I do"}}}); err != nil {
		t.Fatal(err)
	}
	if menu := srv.Commands(""); len(menu) != 1 || menu[0].Command != "help" {
		t.Errorf("menu %v", menu)
	}
	running, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { defer close(stopped); b.Start(running) }()
	defer func() {
		handling.Wait() // what they did is seen before they know it
		stop()
		<-stopped
	}()

	srv.Say(7, "salt & pepper") // not escaped by this careless bot
	_, message := srv.Say(8, "water 500")
	sent, err := srv.WaitSent(ctx, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := sent[0]
	if got.Text != "you said water 500" || got.HTML != "<b>you said</b> water 500" || got.ReplyTo != message || got.Buttons[0][0].Data != "undo:1" {
		t.Errorf("sent %+v", got)
	}
	srv.Tap(8, got.MessageID, got.Buttons[0][0].Data)
	err = srv.Wait(ctx, func(tr *botapi.Transcript) bool {
		s := tr.Sent(8)
		return tr.Stats().TapsAnswered == 1 && s[0].Text == "undone" && s[0].Buttons == nil && s[0].Edits == 1
	})
	if err != nil {
		t.Error(err)
	}
	err = srv.Wait(ctx, func(tr *botapi.Transcript) bool {
		return tr.Stats().Errors["Bad Request: can't parse entities: Unescaped character '&' at byte offset 21"] == 1
	})
	if err != nil {
		t.Errorf("%v: %v", err, srv.Stats().Errors)
	}
	srv.Block(8)
	_, err = b.SendMessage(ctx, &tg.SendMessageParams{ChatID: 8, Text: "hello?"})
	if !errors.Is(err, tg.ErrorForbidden) {
		t.Errorf("to one who blocked: %v", err)
	}
	srv.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Status: 429, RetryAfter: 7, Times: 1})
	_, err = b.SendMessage(ctx, &tg.SendMessageParams{ChatID: 7, Text: "hello"})
	var limited *tg.TooManyRequestsError
	if !errors.As(err, &limited) || limited.RetryAfter != 7 {
		t.Errorf("limited: %v", err)
	}
}
