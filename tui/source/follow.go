package source

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// eventsPath is where the state and its changes come from, a JSON document a line.
const eventsPath = "/v1/events"

// follower is one Follow of a client.
type follower struct {
	conf   ClientConfig
	client *Client
	post   func(*Snapshot)

	state     *Snapshot // what was known last; nil: nothing
	link      Link
	pause     time.Duration
	diagnosed time.Time

	mu     sync.Mutex
	end    context.CancelFunc // of what may be ended for a try at once; nil: it is being tried
	kicked bool
}

// run tries for ever.
func (f *follower) run(ctx context.Context) {
	f.link = Link{State: LinkWaiting, Since: f.conf.Now()}
	f.show()
	for ctx.Err() == nil {
		heard, err := f.connection(ctx, f.wasKicked())
		if ctx.Err() != nil || f.isKicked() {
			continue // what is shown stays: it is about to be new
		}
		f.lost(ctx, heard, err)
		f.rest(ctx)
	}
}

// kick ends what is waited for, once. A try under way is left alone, or a key that is held down would never let it come to its end.
func (f *follower) kick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.end != nil {
		f.end()
		f.end, f.kicked = nil, true
	}
}

func (f *follower) mayEnd(end context.CancelFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end = end
}

func (f *follower) isKicked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kicked
}

func (f *follower) wasKicked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.kicked
	f.kicked = false
	return was
}

// connection opens the stream and reads it to its end. heard says whether anything came.
func (f *follower) connection(ctx context.Context, refresh bool) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer f.mayEnd(nil)
	quiet := func() { cancel(fmt.Errorf("the daemon has said nothing for %v", silence)) }
	stop := f.conf.After(silence, quiet)
	defer func() { stop() }()
	body, err := f.open(ctx, refresh)
	if err != nil {
		return false, because(ctx, err)
	}
	defer func() { _ = body.Close() }() // it was only read
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), longestLines)
	for lines.Scan() {
		stop()
		stop = f.conf.After(silence, quiet)
		if err := f.take(lines.Bytes(), !heard); err != nil {
			return heard, err
		}
		if !heard {
			heard = true
			f.mayEnd(func() { cancel(nil) })
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return heard, &UnavailableError{Reason: fmt.Sprintf("the daemon sent a line of more than %d MB", longestLines>>20)}
	case err != nil:
		return heard, because(ctx, err)
	default:
		return heard, &UnavailableError{Reason: "the daemon has closed the connection", Err: io.EOF}
	}
}

// because prefers the reason for which we ended it ourselves.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return &UnavailableError{Reason: cause.Error(), Err: err}
	}
	return err
}

func (f *follower) open(ctx context.Context, refresh bool) (io.ReadCloser, error) {
	path := eventsPath
	if refresh {
		path += "?refresh=1"
	}
	response, err := f.client.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }() // it was only read
		return nil, refusal(eventsPath, response)
	}
	return response.Body, nil
}

// take adds a line to the state. The first of a connection is a whole state, whatever was known before.
func (f *follower) take(line []byte, first bool) error {
	change, err := decode(line)
	if err != nil {
		return err
	}
	Clean(change)
	if first {
		if change.History == nil { // or changes would be added up as if they were yet to be sent
			change.History = &History{}
		}
		f.state = nil
	}
	f.state = f.state.Merge(change)
	now, state := f.conf.Now(), LinkLive
	reason := ""
	if f.state.Protocol > Protocol {
		state = LinkUpgrade
		reason = CleanText(fmt.Sprintf("the daemon is version %s and newer than this screen: leave it and start it again", f.state.Version), false)
	}
	if f.link.State != state {
		f.link = Link{State: state, Since: now}
	}
	f.link.Heard, f.link.Reason, f.pause = now, reason, 0
	f.show()
	return nil
}

// decode reads a line. Of a newer daemon's it is what can be understood.
func decode(line []byte) (*Snapshot, error) {
	var s Snapshot
	err := json.Unmarshal(line, &s)
	if err == nil && s.Protocol > 0 {
		return &s, nil
	}
	var head struct {
		Protocol int    `json:"protocol"`
		Version  string `json:"version"`
	}
	if json.Unmarshal(line, &head) == nil && head.Protocol > Protocol {
		s.Protocol, s.Version = head.Protocol, head.Version
		return &s, nil
	}
	return nil, &UnavailableError{Reason: "what the daemon says cannot be read", Err: err}
}

// show posts the state with the link as it stands.
func (f *follower) show() {
	var s Snapshot
	if f.state != nil {
		s = *f.state
	}
	link := f.link
	s.Link = &link
	f.post(&s)
}

// lost notes that there is no connection, shows it, and asks the service manager why.
func (f *follower) lost(ctx context.Context, heard bool, err error) {
	now, state := f.conf.Now(), LinkDown
	var denied *RefusedError
	if errors.As(err, &denied) {
		state = LinkDenied
	}
	if heard || f.link.State != state {
		f.link = Link{State: state, Since: now, Heard: f.link.Heard, Unit: f.link.Unit, Journal: f.link.Journal}
	}
	if !heard {
		f.link.Attempt++
	}
	f.pause = min(max(firstPause, 2*f.pause), longestPause)
	f.link.Next, f.link.Reason = now.Add(f.pause), CleanText(Sentence(err), false)
	if f.state != nil && f.state.History != nil { // the time without a daemon is a gap
		aged := *f.state
		aged.History = aged.History.With([]Sample{{Time: now}})
		f.state = &aged
	}
	f.show()
	f.diagnose(ctx, now)
}

// diagnose asks the service manager now and then.
func (f *follower) diagnose(ctx context.Context, now time.Time) {
	if f.conf.Diagnose == nil || f.link.State != LinkDown || !f.diagnosed.IsZero() && now.Sub(f.diagnosed) < diagnoseRest {
		return
	}
	f.diagnosed = now
	ctx, cancel := context.WithTimeout(ctx, diagnoseTime)
	defer cancel()
	f.mayEnd(cancel)
	defer f.mayEnd(nil)
	unit, journal := f.conf.Diagnose(ctx)
	if len(unit)+len(journal) == 0 {
		return // what it said before is better than nothing
	}
	f.link.Unit, f.link.Journal = unit, journal
	Clean(&f.link)
	f.show()
}

// rest waits until the next try.
func (f *follower) rest(ctx context.Context) {
	if f.isKicked() {
		return
	}
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	f.mayEnd(cancel)
	defer f.mayEnd(nil)
	stop := f.conf.After(f.link.Next.Sub(f.conf.Now()), cancel)
	defer stop()
	<-over.Done()
}
