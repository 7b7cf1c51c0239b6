package act_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// world is a machine and what it was told and has asked for, with the number of its last question.
type world struct {
	*act.Machine
	now   time.Time
	asked act.AskPreview
	did   act.Do
	done  []act.Do
	out   []act.Effect // of the last event
}

func (w *world) take(out []act.Effect) {
	w.out = out
	for _, e := range out {
		switch e := e.(type) {
		case act.AskPreview:
			w.asked = e
		case act.Do:
			w.did = e
			w.done = append(w.done, e)
		}
	}
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) press(keys ...string) {
	for _, k := range keys {
		w.take(w.Press(k, false, w.now))
	}
}

func (w *world) previewed(p *source.Preview, err error) {
	w.take(w.Previewed(w.asked.Seq, p, err, w.now))
}

func (w *world) started(id string, err error) { w.take(w.Started(w.did.Seq, id, err, w.now)) }

func (w *world) runs(link source.LinkState, runs ...source.Run) {
	w.take(w.Runs(runs, &source.Link{State: link}, w.now))
}

func rollback() source.Act { return fixture.PreviewRollback().Act }

func typed() *source.Preview {
	p := fixture.PreviewRollback()
	p.Confirm = "017"
	return p
}

func cancelling() *source.Preview {
	return &source.Preview{
		Act: source.Act{Verb: source.Cancel, Object: source.OnMigration, Name: "017"}, Token: "stop", Title: "STOP ?", Summary: "stops it after step 4",
	}
}

func foreign() source.Run {
	r := fixture.RunWorking()
	r.ID, r.By, r.Act.Name, r.Title = "other", "uid 1000 (anna)", "016", "ROLLING BACK 016"
	return r
}

func session() source.Run {
	r := foreign()
	r.Act = fixture.PreviewEnd().Act
	return r
}

// at makes a machine that has come to a state in the ordinary way.
func at(t *testing.T, s act.State) *world {
	t.Helper()
	w := &world{Machine: &act.Machine{}, now: fixture.Now()}
	if s == act.Idle {
		return w
	}
	w.runs(source.LinkLive)
	w.take(w.Open(rollback(), w.now))
	steps := map[act.State]func(){
		act.Preparing: func() {},
		act.Preview:   func() { w.previewed(fixture.PreviewRollback(), nil); w.later(act.Guard) },
		act.Refused:   func() { w.previewed(fixture.PreviewRunning(), nil); w.later(act.Guard) },
		act.Typing:    func() { w.previewed(typed(), nil); w.later(act.Guard); w.press("y", "0", "1", "7") },
		act.Starting:  func() { w.previewed(fixture.PreviewRollback(), nil); w.later(act.Guard); w.press("y") },
	}
	if go_, direct := steps[s]; direct {
		go_()
	} else {
		steps[act.Starting]()
		w.started(fixture.RunID, nil)
		w.runs(source.LinkLive, fixture.RunWorking())
	}
	switch s {
	case act.Stopping:
		w.press("c")
		w.previewed(cancelling(), nil)
		w.later(act.Guard)
	case act.Done:
		w.runs(source.LinkLive, fixture.RunDone())
	case act.Partial:
		w.runs(source.LinkLive, fixture.RunPartial())
	case act.Failed:
		w.runs(source.LinkLive, fixture.RunFailed())
	case act.Unknown:
		w.runs(source.LinkDown, fixture.RunWorking())
	}
	if w.State() != s {
		t.Fatalf("%s was to be reached, it is %s", s, w.State())
	}
	return w
}

// arrows are the ways from each state that there are; to stay is always one.
func arrows() map[act.State][]act.State {
	over := []act.State{act.Running, act.Done, act.Partial, act.Failed, act.Unknown}
	return map[act.State][]act.State{
		act.Idle:      {act.Preparing, act.Running, act.Done, act.Partial, act.Failed, act.Unknown},
		act.Preparing: {act.Preview, act.Refused, act.Running},
		act.Preview:   {act.Preparing, act.Typing, act.Starting, act.Running, act.Refused},
		act.Refused:   {act.Preparing, act.Running},
		act.Typing:    {act.Preview, act.Starting, act.Preparing, act.Running},
		act.Starting:  {act.Running, act.Preparing, act.Refused, act.Unknown},
		act.Running:   {act.Stopping, act.Done, act.Partial, act.Failed, act.Unknown},
		act.Stopping:  over,
		act.Done:      {act.Preparing, act.Running, act.Refused},
		act.Partial:   {act.Preparing, act.Running, act.Refused},
		act.Failed:    {act.Preparing, act.Running, act.Refused},
		act.Unknown:   {act.Running, act.Done, act.Partial, act.Failed, act.Preparing, act.Refused},
	}
}

// event is something that can be told in any state. setup happens before it and is not judged.
type event struct {
	name  string
	setup func(w *world)
	tell  func(w *world)
	// fires names the states in which it may ask for an act.
	fires []act.State
}

func pressed() []event {
	names := []string{
		"enter", "esc", "tab", "shift+tab", "up", "down", "left", "right", "pgup", "pgdown", "home", "end", "backspace", "delete", " ", "ctrl+r",
		"ctrl+c", "ctrl+u", "ctrl+d", "ctrl+z", "f1", "alt+y", "yy", "[y]", "é", "漢", "", "\x00", "\x1b",
	}
	for r := '!'; r <= '~'; r++ {
		names = append(names, string(r))
	}
	var events []event
	for _, k := range names {
		fires := map[string][]act.State{"y": {act.Preview, act.Stopping}, "enter": {act.Typing}}[k]
		press := func(w *world) { w.press(k) }
		events = append(events,
			event{name: fmt.Sprintf("press %q", k), tell: press, fires: fires},
			event{name: fmt.Sprintf("press %q twice", k), tell: func(w *world) { press(w); out := w.out; press(w); w.out = append(out, w.out...) }, fires: fires},
			event{name: fmt.Sprintf("paste %q", k), tell: func(w *world) { w.take(w.Press(k, true, w.now)) }},
			event{name: fmt.Sprintf("press %q read only", k), setup: func(w *world) { w.ReadOnly("look only") }, tell: press},
			event{name: fmt.Sprintf("press %q while nobody answers", k), setup: func(w *world) { w.runs(source.LinkDown) }, tell: press},
			event{name: fmt.Sprintf("press %q on an old preview", k), setup: func(w *world) { w.later(act.Stale + time.Second) }, tell: press, fires: onlyStopping(fires)},
			event{name: fmt.Sprintf("press %q at once", k), setup: func(w *world) { w.later(-act.Guard) }, tell: press},
			event{name: fmt.Sprintf("press %q while another run is at work", k), setup: func(w *world) { w.runs(source.LinkLive, fixture.RunWorking(), foreign()) }, tell: press, fires: onlyStopping(fires)},
		)
	}
	return events
}

// onlyStopping: a run is stopped whatever its preview's age and whoever else is at work.
func onlyStopping(fires []act.State) []act.State {
	if slices.Contains(fires, act.Stopping) {
		return []act.State{act.Stopping}
	}
	return nil
}

func told() []event {
	failures := map[string]error{
		"refused": &source.RefusedError{Reason: "no right"}, "changed": &source.ChangedError{What: "an index is gone"},
		"unavailable": &source.UnavailableError{Reason: "no answer", Err: errors.New("eof")}, "something": errors.New("something"),
	}
	events := []event{
		{name: "open", tell: func(w *world) { w.take(w.Open(rollback(), w.now)) }},
		{name: "open read only", setup: func(w *world) { w.ReadOnly("look only") }, tell: func(w *world) { w.take(w.Open(rollback(), w.now)) }},
		{name: "previewed by nobody", tell: func(w *world) { w.previewed(nil, nil) }},
		{name: "previewed, another question", tell: func(w *world) { w.take(w.Previewed(w.asked.Seq+7, fixture.PreviewRollback(), nil, w.now)) }},
		{name: "started, another question", tell: func(w *world) { w.take(w.Started(w.did.Seq+7, "x", nil, w.now)) }},
		{name: "started", tell: func(w *world) { w.started(fixture.RunID, nil) }},
		{name: "a second", tell: func(w *world) { w.take(w.Tick(w.now.Add(time.Second))) }},
		{name: "an hour", tell: func(w *world) { w.take(w.Tick(w.now.Add(time.Hour))) }},
		{name: "press y on a preview with a text to type", setup: func(w *world) {
			if w.State() == act.Preview {
				w.press("ctrl+r")
				w.previewed(typed(), nil)
				w.later(act.Guard)
			}
		}, tell: func(w *world) { w.press("y") }, fires: []act.State{act.Stopping}},
		{name: "no link", tell: func(w *world) { w.take(w.Runs(nil, nil, w.now)) }},
		{name: "another begins the same", setup: func(w *world) { w.runs(source.LinkLive) }, tell: func(w *world) { w.runs(source.LinkLive, fixture.RunWorking()) }},
		{name: "another run ends", setup: func(w *world) { w.runs(source.LinkLive, foreign()) }, tell: func(w *world) { w.runs(source.LinkLive) }},
	}
	for name, err := range failures {
		events = append(events,
			event{name: "not previewed: " + name, tell: func(w *world) { w.previewed(nil, err) }},
			event{name: "not started: " + name, tell: func(w *world) { w.started("", err) }},
		)
	}
	for name, p := range map[string]*source.Preview{
		"": fixture.PreviewRollback(), " with a text to type": typed(), " refused": fixture.PreviewRefused(), " busy": fixture.PreviewRunning(), " without a token": {Act: rollback()},
	} {
		events = append(events, event{name: "previewed" + name, tell: func(w *world) { w.previewed(p, nil) }})
	}
	for name, r := range map[string]source.Run{
		"working": fixture.RunWorking(), "done": fixture.RunDone(), "partial": fixture.RunPartial(), "failed": fixture.RunFailed(), "unknown": fixture.RunUnknown(),
		"another's": foreign(), "a session's": session(), "odd": {ID: fixture.RunID, State: "odd"},
	} {
		events = append(events, event{name: "attach: " + name, tell: func(w *world) { w.take(w.Attach(r, w.now)) }})
		for _, link := range []source.LinkState{source.LinkWaiting, source.LinkLive, source.LinkDown, source.LinkDirect, source.LinkUpgrade, source.LinkDenied} {
			events = append(events, event{name: "runs: " + name + " " + string(link), tell: func(w *world) { w.runs(link, r) }})
		}
	}
	for _, link := range []source.LinkState{source.LinkLive, source.LinkDown, source.LinkDirect} {
		events = append(events, event{name: "no runs " + string(link), tell: func(w *world) { w.runs(link) }})
	}
	return events
}

// TestEveryStateAndEvent: whatever is told in whatever state, nothing panics, only arrows of the diagram are gone, and an act is asked for
// only by a live answer to what is shown. Each arrow is gone at least once.
func TestEveryStateAndEvent(t *testing.T) {
	t.Parallel()
	gone := map[[2]act.State]string{}
	events := append(pressed(), told()...)
	for _, s := range act.States() {
		for _, e := range events {
			w := at(t, s)
			if e.setup != nil {
				e.setup(w)
			}
			from, tokens := w.State(), shownToken(w)
			e.tell(w)
			judge(t, s, e, from, w, tokens)
			gone[[2]act.State{from, w.State()}] = e.name
		}
	}
	for from, tos := range arrows() {
		for _, to := range tos {
			if gone[[2]act.State{from, to}] == "" {
				t.Errorf("nothing leads from %s to %s", from, to)
			}
		}
	}
	t.Logf("%d states, %d events", len(act.States()), len(events))
}

func shownToken(w *world) string {
	if w.State() == act.Stopping {
		return cancelling().Token
	}
	if p := w.Preview(); p != nil {
		return p.Token
	}
	return ""
}

func judge(t *testing.T, s act.State, e event, from act.State, w *world, token string) {
	t.Helper()
	to := w.State()
	open := strings.HasPrefix(e.name, "open") || strings.HasPrefix(e.name, "attach") // begins anew from anywhere
	twice := strings.HasSuffix(e.name, "twice")
	if from != to && !open && !twice && !slices.Contains(arrows()[from], to) {
		t.Errorf("%s (%s), %s: it is %s now", s, from, e.name, to)
	}
	var did []act.Do
	for _, out := range w.out {
		if d, is := out.(act.Do); is {
			did = append(did, d)
		}
	}
	switch {
	case len(did) > 1:
		t.Errorf("%s, %s: done twice", s, e.name)
	case len(did) == 1 && !slices.Contains(e.fires, from):
		t.Errorf("%s, %s: done", s, e.name)
	case len(did) == 0 && slices.Contains(e.fires, from) && !twice && s == from:
		t.Errorf("%s, %s: not done: %q", s, e.name, w.Note())
	case len(did) == 1 && (did[0].Token != token || token == ""):
		t.Errorf("%s, %s: done with token %q, shown was %q", s, e.name, did[0].Token, token)
	}
}
