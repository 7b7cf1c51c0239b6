package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// Telling is what Tell needs. All is required but Redact.
type Telling struct {
	Token  string
	APIURL string  // base of the Bot API
	Chats  []int64 // who is told
	Text   string  // as it is, without markup
	Redact func(string) string

	sleep func(context.Context, time.Duration) bool // nil: sleep
}

// What Tell has patience for.
const (
	tellTime  = 10 * time.Second // one call
	tellTries = 5
	tellPause = time.Second // doubled each time
	tellLimit = 15 * time.Second
)

// Tell sends a text to each of the chats without a service or a database: it is for what must be said when those are away. What Telegram
// is too busy for is tried again a few times, while ctx lasts. It returns how many were told, and an error that says why others were
// not; it does not say who they are. Somebody whose answer was lost is told twice.
func Tell(ctx context.Context, t Telling) (int, error) {
	if t.sleep == nil {
		t.sleep = sleep
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: noRedirect}
	b, err := bot.New(t.Token, bot.WithServerURL(strings.TrimRight(t.APIURL, "/")), bot.WithSkipGetMe(), bot.WithHTTPClient(tellTime, client),
		bot.WithErrorsHandler(func(error) {})) // what goes wrong is returned
	if err != nil {
		return 0, errors.New("the Bot API client refuses its settings")
	}
	s := speaker{bot: b, time: tellTime, clean: cleaner(t.Token, t.Redact)}
	told, left, wrong := 0, t.Chats, []error(nil)
	for try, pause := 1, tellPause; ; try, pause = try+1, 2*pause {
		round := s.tell(ctx, left, t.Text)
		told, wrong, left = told+round.told, append(wrong, round.refused...), round.left
		if len(left) == 0 || try == tellTries || !t.sleep(ctx, min(max(pause, round.wait), tellLimit)) {
			err := errors.Join(append(wrong, round.failed...)...)
			if len(left) > 0 {
				err = later{err}
			}
			return told, err
		}
	}
}

// later is an error of Tell when it may go better another time.
type later struct{ error }

// Unwrap returns what went wrong.
func (l later) Unwrap() error { return l.error }

// Later reports whether an error of Tell may be over another time; a chat that is not there and a token that is refused stay what they are.
func Later(err error) bool {
	_, is := errors.AsType[later](err)
	return is
}

// Tell sends a text at once and past the outbox to each administrator: PostgreSQL may be what it is about. It tries each once and returns
// how many were told.
func (s *Service) Tell(ctx context.Context, text string) (int, error) {
	round := speaker{bot: s.bot, time: min(s.callTime, tellTime), clean: s.clean}.tell(ctx, s.config.Admins, text)
	return round.told, errors.Join(append(round.refused, round.failed...)...)
}

// noRedirect refuses to go elsewhere: the Bot API does not redirect, and whatever does would be handed the token.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// speaker makes calls that nothing keeps.
type speaker struct {
	bot   *bot.Bot
	time  time.Duration // for each
	clean func(string) string
}

// round is what came of one try each.
type round struct {
	told    int
	left    []int64       // may be tried again
	failed  []error       // why
	refused []error       // for good
	wait    time.Duration // that Telegram asks for
}

func (s speaker) tell(ctx context.Context, chats []int64, text string) round {
	var r round
	for _, chat := range chats {
		out := judge(s.send(ctx, chat, text))
		err := errors.New(s.clean(out.reason))
		switch out.verdict {
		case accepted:
			r.told++
		case limited, failing:
			r.left, r.failed, r.wait = append(r.left, chat), append(r.failed, err), max(r.wait, out.wait)
		case unreachable:
			r.refused = append(r.refused, fmt.Errorf("somebody cannot be written to, having blocked the bot or never begun a chat with it: %w", err))
		default:
			r.refused = append(r.refused, err)
		}
	}
	return r
}

func (s speaker) send(ctx context.Context, chat int64, text string) error {
	ctx, cancel := context.WithTimeout(ctx, s.time)
	defer cancel()
	preview := true
	_, err := s.bot.SendMessage(ctx, &bot.SendMessageParams{
		ChatID: chat, Text: text, LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: &preview},
	})
	return err
}
