package coach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"healthagent/app/food"
	"healthagent/store"
)

// Config is what a Coach needs; all of it is required but Admins.
type Config struct {
	Store  *store.Store
	Foods  *food.Table
	Open   bool    // strangers are served too, without an invitation
	Admins []int64 // active at first contact

	// Render makes of what the coach does what the outbox holds.
	Render func(Incoming, []Out) ([]store.Outgoing, error)
	// Committed is called after something was committed to the outbox.
	Committed func()
	// Reminders is called after a reminder was added or moved.
	Reminders func()

	Now    func() time.Time
	Logger *slog.Logger
}

// Coach answers people. Its methods may be called concurrently, for one person one at a time.
type Coach struct {
	Config
	commands []command
}

// New makes a Coach.
func New(c Config) *Coach {
	coach := &Coach{Config: c}
	coach.commands = coach.table()
	return coach
}

// turn is one thing that a person did and what is at hand to answer it.
type turn struct {
	*Coach
	in      Incoming
	user    store.User
	loc     *time.Location
	now     time.Time
	said    time.Time     // when the person did it: earlier than now when it had to wait, as after a downtime
	asked   *question     // what the coach asked last, if the person may be answering that
	reading *food.Reading // of a text that may be food
	tx      *store.Tx

	next  *question // what the coach asks now
	quiet bool      // nothing of this turn belongs into the conversation
	hush  bool      // only the person's words do not: they hold an invite code
	erase bool      // the update's bytes go once it is done: they may be a stranger's or hold a code
	gone  bool      // the person's row is no more
}

// act is a way to answer a turn. What it queues in the turn's transaction is committed with its replies.
type act func(ctx context.Context, t *turn) ([]Out, error)

// Handle applies what a person did, once: the second time it returns store.ErrAlreadyDone.
func (c *Coach) Handle(ctx context.Context, in Incoming) error {
	err := c.handle(ctx, in)
	if errors.Is(err, store.ErrNotActive) { // shut out a moment ago: the copy of the row did not know yet
		c.Store.DropCopy(ctx, in.UserID)
		err = c.handle(ctx, in)
	}
	return err
}

func (c *Coach) handle(ctx context.Context, in Incoming) error {
	user, known, err := c.person(ctx, in.UserID)
	if err != nil {
		return err
	}
	t := &turn{Coach: c, in: in, user: user, now: c.Now(), loc: location(user.Timezone)}
	t.said = t.now
	if sent := in.Update.Sent; !sent.IsZero() && sent.Before(t.now) {
		t.said = sent
	}
	command, arg, _ := SplitCommand(in.Text)
	t.erase = command == "activate" || command == "start"
	t.hush = t.erase && arg != ""
	do, err := c.admit(ctx, t, known)
	if err != nil {
		return err
	}
	return c.Store.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		t.tx = tx
		tx.Finish(in.Update, t.erase)
		outs, err := do(ctx, t)
		if err != nil {
			return err
		}
		return t.deliver(outs)
	})
}

// person is somebody's row, which may be a copy. Of somebody whom the copy calls a member the unit of work itself makes sure; of
// anybody else it is asked here, so that an administrator's word counts at once either way.
func (c *Coach) person(ctx context.Context, id int64) (store.User, bool, error) {
	user, known, err := c.Store.User(ctx, id)
	if err != nil || !known || user.Status == store.Active {
		return user, known, err
	}
	active, err := c.Store.IsActive(ctx, id)
	if active {
		user.Status = store.Active
	}
	return user, true, err
}

// admit chooses who may have what answered, before the transaction.
func (c *Coach) admit(ctx context.Context, t *turn, known bool) (act, error) {
	switch {
	case t.in.Kind == Blocked && t.in.Private:
		if err := c.Store.Unreachable(ctx, t.in.UserID, t.now); err != nil {
			return nil, err
		}
		return nothing, nil
	case !t.in.Private:
		return inGroup, nil
	case known && t.user.Status == store.Active:
		return c.known(ctx, t)
	case slices.Contains(c.Admins, t.in.UserID) && t.in.Kind != Lost:
		return c.welcomed(ctx, t, func(tx *store.Tx) { tx.Activate(t.in.UserID, t.in.Name, nil) })
	case c.Open && !known && t.in.Kind != Lost:
		return c.welcomed(ctx, t, func(tx *store.Tx) { tx.Register(t.in.UserID, store.Active, t.in.Name) })
	case c.Open && t.user.Status == store.Pending && t.in.Kind != Lost: // came while access was by invitation
		return c.welcomed(ctx, t, func(tx *store.Tx) { tx.Activate(t.in.UserID, t.in.Name, nil) })
	}
	// they may have been a member when it came in, a moment before they were forgotten or shut out: then it was kept until here
	t.erase = true
	return stranger, nil
}

// known answers a member, and makes sure of it in the same transaction.
func (c *Coach) known(ctx context.Context, t *turn) (act, error) {
	do, err := c.member(ctx, t)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *turn) ([]Out, error) {
		t.tx.MustBeActive(t.user.ID, t.user.Timezone)
		return do(ctx, t)
	}, nil
}

// welcomed makes a person a member and answers them as one.
func (c *Coach) welcomed(ctx context.Context, t *turn, join func(*store.Tx)) (act, error) {
	if t.user.ID == 0 {
		t.user = store.User{ID: t.in.UserID, DisplayName: t.in.Name, Timezone: "UTC", CreatedAt: t.now}
	}
	t.user.Status = store.Active
	do, err := c.member(ctx, t)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, t *turn) ([]Out, error) {
		join(t.tx)
		return do(ctx, t)
	}, nil
}

// member loads what answering needs and finds the act.
func (c *Coach) member(ctx context.Context, t *turn) (act, error) {
	window, err := c.Store.Window(ctx, t.user.ID)
	if err != nil {
		return nil, err
	}
	t.asked = pending(window, t.said)
	if _, _, isCommand := SplitCommand(t.in.Text); !isCommand && t.in.Text != "" && t.in.Kind != Tapped {
		t.reading = c.read(ctx, t.in.Text)
	}
	do, looks := c.route(t)
	if looks {
		outs, err := do(ctx, t)
		if err != nil {
			return nil, err
		}
		do = func(context.Context, *turn) ([]Out, error) { return outs, nil }
	}
	return func(ctx context.Context, t *turn) ([]Out, error) {
		if t.user.UnreachableAt != nil {
			t.tx.Reachable(t.user.ID)
			t.tx.AfterCommit(func(context.Context) { t.Reminders() })
		}
		return do(ctx, t)
	}, nil
}

// deliver records the conversation and queues the replies.
func (t *turn) deliver(outs []Out) error {
	if !t.quiet && !t.gone {
		messages, err := t.conversation(outs)
		if err != nil {
			return err
		}
		if len(messages) > 0 {
			t.tx.AddMessage(t.user.ID, messages...)
		}
	}
	if len(outs) == 0 {
		return nil
	}
	for i := range outs {
		if outs[i].Class == 0 {
			outs[i].Class = store.Reply
		}
	}
	calls, err := t.Render(t.in, outs)
	if err != nil {
		return fmt.Errorf("render the reply: %w", err)
	}
	t.tx.Send(calls...)
	t.tx.AfterCommit(func(context.Context) { t.Committed() })
	return nil
}

// conversation is what this turn adds to the history: the person's exact words and what is said in return.
func (t *turn) conversation(outs []Out) ([]store.Message, error) {
	var messages []store.Message
	if !t.hush && (t.in.Kind == Text || t.in.Kind == Edited || t.in.Kind == Media) {
		messages = append(messages, store.Message{Role: store.FromUser, Content: t.in.Text, Type: t.in.Type})
	}
	for _, out := range outs {
		if out.Kind != Say {
			continue
		}
		m := store.Message{Role: store.FromAssistant, Content: plain(out.HTML), Type: "text"}
		if t.next != nil {
			t.next.At = t.now
			raw, err := json.Marshal(struct {
				Asked *question `json:"asked"`
			}{t.next})
			if err != nil {
				return nil, fmt.Errorf("encode a question: %w", err)
			}
			m.Metadata = raw
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// read understands food, and remembers for a day what a phrase means.
func (c *Coach) read(ctx context.Context, text string) *food.Reading {
	const longest = 200 // what is longer is nobody's habit
	var r food.Reading
	if len(text) <= longest {
		if raw, found := c.Store.Nutrition(ctx, text); found && json.Unmarshal(raw, &r) == nil {
			return &r
		}
	}
	r = c.Foods.Read(text)
	if len(text) <= longest {
		if raw, err := json.Marshal(r); err == nil {
			c.Store.KeepNutrition(ctx, text, raw)
		}
	}
	return &r
}

func nothing(context.Context, *turn) ([]Out, error) { return nil, nil }

// inGroup answers a command given in a group, once for each; other talk there is none of the coach's business.
func inGroup(_ context.Context, t *turn) ([]Out, error) {
	t.quiet = true
	if t.in.Kind == Tapped {
		return answer(""), nil
	}
	if _, _, isCommand := SplitCommand(t.in.Text); t.in.Kind != Text || !isCommand {
		return nil, nil
	}
	return []Out{{Kind: Say, HTML: "What you eat is nobody else's business: please write to me in a private chat."}}, nil
}
