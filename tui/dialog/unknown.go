package dialog

import (
	"strings"
	"time"

	"healthagent/tui/act"
	"healthagent/tui/look"
	"healthagent/tui/source"
)

// unknownPanels are what is not known, and what is known all the same.
func (f *Flow) unknownPanels() (left, right []panel) {
	p, pr := f.pens()
	m := &f.machine
	r := m.Run()
	var head []string
	switch {
	case r == nil && m.Lost():
		head = append(p.say(look.Warn, "?", "IT HAD BEGUN, AND WHO DOES IT DOES NOT ANSWER"), f.down(p)...)
	case r == nil:
		head = p.say(look.Warn, "?", "NOT KNOWN WHETHER IT BEGAN: "+act.Sentence(m.Act()))
		head = append(head, p.label("why", look.Plain, m.Reason())...)
		head = append(head, p.say(look.Plain, "", "It is not asked for again by itself. As soon as a run of it is told of, it is shown here.")...)
		head = append(head, f.down(p)...)
	case m.Lost():
		head = p.say(look.Warn, "?", "THE DAEMON DOES NOT ANSWER, it may be restarting. Everything below is OLD.")
		head = append(head, p.say(look.Plain, "", "How the run stands is not known now. When it is told of again, it is shown here.")...)
		head = append(head, f.down(p)...)
	default:
		head = p.say(look.Warn, "?", "NOT KNOWN HOW IT ENDED: "+orText(m.Reason(), orText(r.Summary, "the daemon ended meanwhile")))
		head = append(head, p.label("why", look.Plain, r.Error)...)
	}
	head = append(head, f.another(p)...)
	left = []panel{{name: "head", lines: head, least: 4}}
	if r == nil {
		return left, nil
	}
	if ways := p.ways(*r); len(ways) > 0 && !m.Lost() {
		left = append(left, panel{name: "ways", title: "ways out", lines: ways, least: len(ways)})
	}
	if len(r.Steps) > 0 {
		right = []panel{pr.steps(*r)}
		if m.Lost() {
			right[0].title = "steps, OLD"
		}
	}
	return left, right
}

// down is what is known of the way to the daemon.
func (f *Flow) down(p pen) []string {
	l := f.state.Link
	if l == nil {
		return nil
	}
	switch l.State {
	case source.LinkLive:
		return p.say(look.Plain, "", "The daemon answers, and has told of no such run so far. ctrl+r looks at what it would do now.")
	case source.LinkDirect:
		return p.say(look.Plain, "", "The daemon is down and the database is asked itself, which knows nothing of the daemon's runs.")
	case source.LinkWaiting, source.LinkDown, source.LinkUpgrade, source.LinkDenied:
	}
	text := l.Reason
	if !l.Since.IsZero() {
		text = clauses(text, "since "+l.Since.In(f.now.Location()).Format("15:04:05"))
	}
	if l.Attempt > 0 {
		text = clauses(text, "attempt "+number(l.Attempt))
	}
	if l.Next.After(f.now) {
		text = clauses(text, "next try in "+look.Age(l.Next.Sub(f.now)+time.Second-1))
	}
	return p.label("link", look.Plain, text)
}

// old says that nobody answers, so that what is shown may be otherwise by now.
func (f *Flow) old(p pen) []string {
	l := f.state.Link
	if l == nil || l.State == source.LinkLive || l.State == source.LinkDirect {
		return nil
	}
	text := "OLD: nobody answers"
	if !l.Heard.IsZero() {
		text += " since " + l.Heard.In(f.now.Location()).Format("15:04:05")
	}
	return p.say(look.Warn, "!", text)
}

// another names a run of somebody else that is under way.
func (f *Flow) another(p pen) []string {
	o := f.machine.Other()
	if o == nil {
		return nil
	}
	return p.say(look.Warn, "!", o.Title+" is under way, by "+orUnknown(o.By))
}

// refusedPanels are what cannot be done, and why.
func (f *Flow) refusedPanels() (left, right []panel) {
	p, _ := f.pens()
	v := f.machine.Preview()
	word := "NOT POSSIBLE: "
	if v == nil {
		word = "NOT POSSIBLE NOW: "
	}
	head := p.say(look.Fail, "x", word+act.Sentence(f.machine.Act()))
	head = append(head, p.say(look.Strong, "", f.machine.Reason())...)
	head = append(head, f.another(p)...)
	if v == nil {
		return []panel{{name: "facts", lines: head}}, nil
	}
	left, right = f.previewPanels()
	var facts []string
	for _, line := range left[0].lines {
		if !strings.Contains(line, f.machine.Reason()) {
			facts = append(facts, line)
		}
	}
	left[0].lines = append(head, facts...)
	return left, right
}
