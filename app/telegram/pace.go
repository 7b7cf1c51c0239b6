package telegram

import (
	"time"

	"golang.org/x/time/rate"
)

// Rate is how fast may be sent, in messages a second; 0 is without limit.
type Rate struct {
	Overall float64
	PerChat float64
}

// Telegram's limits as they are known: about 30 messages a second in all, one a second to a chat with short bursts, twenty in any
// minute to a group. A burst and what the rate adds to it within a minute must stay within the twenty.
const (
	overallBurst = 3
	chatBurst    = 3
	groupBurst   = 3
	groupRate    = rate.Limit((20.0 - groupBurst) / 60)
)

// pacer says when a message may go. It belongs to the sender's goroutine.
type pacer struct {
	rate    Rate
	overall *rate.Limiter
	chats   map[int64]*rate.Limiter
	pause   time.Time // nothing goes before
}

func newPacer(r Rate) *pacer {
	p := &pacer{rate: r, chats: map[int64]*rate.Limiter{}}
	p.overall = rate.NewLimiter(limit(r.Overall), overallBurst)
	return p
}

func limit(perSecond float64) rate.Limit {
	if perSecond <= 0 {
		return rate.Inf
	}
	return rate.Limit(perSecond)
}

// chat is when the next message to a chat may go, as far as the chat is concerned.
func (p *pacer) chat(id int64, now time.Time) time.Time {
	l := p.limiter(id)
	if l.Limit() == rate.Inf {
		return now
	}
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return now
	}
	return now.Add(time.Duration(missing / float64(l.Limit()) * float64(time.Second)))
}

func (p *pacer) limiter(id int64) *rate.Limiter {
	l := p.chats[id]
	if l != nil {
		return l
	}
	switch {
	case p.rate.PerChat <= 0:
		l = rate.NewLimiter(rate.Inf, 1)
	case id < 0: // groups have negative ids
		l = rate.NewLimiter(min(groupRate, rate.Limit(p.rate.PerChat)), groupBurst)
	default:
		l = rate.NewLimiter(rate.Limit(p.rate.PerChat), chatBurst)
	}
	p.chats[id] = l
	return l
}

// all is when the next message to anybody may go.
func (p *pacer) all(now time.Time) time.Time {
	at := now
	if p.overall.Limit() != rate.Inf {
		if missing := 1 - p.overall.TokensAt(now); missing > 0 {
			at = now.Add(time.Duration(missing / float64(p.overall.Limit()) * float64(time.Second)))
		}
	}
	if p.pause.After(at) {
		return p.pause
	}
	return at
}

// spend notes that a message goes to a chat now.
func (p *pacer) spend(id int64, now time.Time) {
	p.overall.AllowN(now, 1)
	p.limiter(id).AllowN(now, 1)
}

// hold keeps everything back until then.
func (p *pacer) hold(until time.Time) {
	if until.After(p.pause) {
		p.pause = until
	}
}

// tidy forgets chats whose allowance is full again.
func (p *pacer) tidy(now time.Time) {
	for id, l := range p.chats {
		if l.Limit() == rate.Inf || l.TokensAt(now) >= float64(l.Burst()) {
			delete(p.chats, id)
		}
	}
}
