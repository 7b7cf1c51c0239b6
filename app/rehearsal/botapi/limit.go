package botapi

import (
	"math"
	"time"
)

// Limits are sending rates. A zero rate sets no limit.
type Limits struct {
	// Overall is messages per second to all chats, in bursts of OverallBurst.
	Overall      float64
	OverallBurst int
	// PerChat is messages per second to one private chat, in bursts of ChatBurst.
	PerChat   float64
	ChatBurst int
	// GroupPerMinute is messages to one group within any 60 seconds.
	GroupPerMinute int
}

// TelegramLimits are the rates Telegram's documents name. Its bursts are not
// documented; these leave room for an honest sender's jitter and little more.
func TelegramLimits() Limits {
	return Limits{Overall: 30, OverallBurst: 30, PerChat: 1, ChatBurst: 5, GroupPerMinute: 20}
}

// bucket holds tokens that come back at a steady rate; the zero value is full.
type bucket struct {
	spent float64 // tokens missing at the time of at
	at    time.Time
}

// wait is how long until a token is there, 0 when there is one now.
func (b *bucket) wait(now time.Time, rate float64, burst int) time.Duration {
	if rate <= 0 {
		return 0
	}
	b.spent = max(0, b.spent-max(0, now.Sub(b.at).Seconds())*rate)
	b.at = now
	missing := b.spent + 1 - float64(max(burst, 1))
	if missing <= 1e-9 {
		return 0
	}
	return time.Duration(missing / rate * float64(time.Second))
}

// minute remembers when the last messages to a group were sent.
type minute struct {
	sent []time.Time // a ring as long as the limit
	next int
}

// wait is how long until the oldest of the last n messages is a minute old.
func (m *minute) wait(now time.Time, n int) time.Duration {
	if n <= 0 || len(m.sent) < n {
		return 0
	}
	return max(0, time.Minute-now.Sub(m.sent[m.next]))
}

func (m *minute) add(now time.Time, n int) {
	if n <= 0 {
		return
	}
	if len(m.sent) < n {
		m.sent = append(m.sent, now)
		return
	}
	m.sent[m.next] = now
	m.next = (m.next + 1) % n
}

// admit spends one message's worth of every limit or, spending nothing, refuses
// with 429. The caller holds s.mu.
func (s *Server) admit(c *chat) error {
	l, now := s.cfg.Limits, s.cfg.Now()
	wait := s.overall.wait(now, l.Overall, l.OverallBurst)
	if c.group() {
		wait = max(wait, c.minute.wait(now, l.GroupPerMinute))
	} else {
		wait = max(wait, c.bucket.wait(now, l.PerChat, l.ChatBurst))
	}
	if wait > 0 {
		return tooManyRequests(max(1, int(math.Ceil(wait.Seconds()))))
	}
	s.overall.spent++
	if c.group() {
		c.minute.add(now, l.GroupPerMinute)
	} else {
		c.bucket.spent++
	}
	return nil
}
