package source

import "context"

// switcher is one Follow of a failover. It is used by one goroutine.
type switcher struct {
	failover *Failover
	post     func(*Snapshot)

	primary *Snapshot // what they said last; nil: nothing
	direct  *Snapshot
	timer   func() bool   // stops the wait for Direct; nil: nobody waits
	due     chan struct{} // the wait is over

	stop context.CancelFunc // of Direct; nil: it is not followed
	says chan *Snapshot     // what Direct says; nil likewise
	side *aside             // Direct's goroutine
	old  []*aside           // those that were told to end
}

// run ends when ctx does, and both Follows with it.
func (s *switcher) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	primary := make(chan *Snapshot, 1)
	main := begin(func() {
		s.failover.conf.Primary.Follow(ctx, func(p *Snapshot) { put(primary, p) })
	})
	defer func() {
		cancel()
		s.end()
		for _, a := range append(s.old, main) {
			<-a.ended
			a.raise()
		}
	}()
	for {
		select {
		case s.primary = <-primary:
			s.consider(ctx)
		case <-s.due:
			s.begin(ctx)
		case s.direct = <-s.says:
			s.failover.note(s.direct)
			s.consider(ctx)
		case <-main.ended:
			return
		case <-s.broken():
			s.side.raise()
			return
		}
		s.failover.setDirect(s.isDirect())
		if s.primary != nil {
			s.post(s.whole())
		}
	}
}

// broken is closed when Direct's goroutine has ended by itself.
func (s *switcher) broken() <-chan struct{} {
	if s.side == nil {
		return nil
	}
	return s.side.ended
}

// consider begins to wait for Direct, or ends with it.
func (s *switcher) consider(ctx context.Context) {
	down := isDown(s.primary)
	switch {
	case down && s.stop == nil && s.timer == nil:
		left := s.failover.conf.Delay - s.failover.conf.Now().Sub(s.primary.Link.Since)
		if left <= 0 {
			s.begin(ctx)
			return
		}
		s.timer = s.failover.conf.After(left, func() { put(s.due, struct{}{}) })
	case !down && s.timer != nil:
		s.timer()
		s.timer = nil
	case !down && s.stop != nil && !working(s.direct):
		s.end()
	}
}

func isDown(p *Snapshot) bool { return p != nil && p.Link != nil && p.Link.State == LinkDown }

// working reports whether something is being done in this process, which has to be seen to its end.
func working(d *Snapshot) bool {
	if d == nil {
		return false
	}
	for _, r := range d.Runs {
		if !r.Over() {
			return true
		}
	}
	return false
}

// begin follows Direct, unless the daemon has answered in the meantime.
func (s *switcher) begin(ctx context.Context) {
	if s.timer != nil {
		s.timer()
		s.timer = nil
	}
	if s.stop != nil || !isDown(s.primary) {
		return
	}
	ctx, s.stop = context.WithCancel(ctx)
	says := make(chan *Snapshot, 1)
	s.says = says
	s.side = begin(func() {
		s.failover.conf.Direct.Follow(ctx, func(d *Snapshot) { put(says, d) })
	})
}

// end stops following Direct, and does not wait for it: the daemon is back.
func (s *switcher) end() {
	if s.timer != nil {
		s.timer()
		s.timer = nil
	}
	if s.stop != nil {
		s.stop()
		s.old = append(s.old, s.side)
	}
	s.stop, s.says, s.side, s.direct = nil, nil, nil, nil
	s.failover.setDirect(false)
}

func (s *switcher) isDirect() bool { return isDown(s.primary) && s.direct != nil }

// whole is what is shown: what the daemon said last, and over it what the database itself says.
func (s *switcher) whole() *Snapshot {
	n, d := *s.primary, s.direct
	n.Runs = s.failover.joinedRuns(n.Runs)
	if !s.isDirect() {
		return &n
	}
	n.Link = joined(s.primary.Link, d.Link)
	if n.Host == "" {
		n.Protocol, n.Version, n.Host = d.Protocol, d.Version, d.Host
	}
	if d.Time.After(n.Time) {
		n.Time = d.Time
	}
	take(&n.You, d.You)
	take(&n.Postgres, d.Postgres)
	take(&n.Statements, d.Statements)
	take(&n.Indexes, d.Indexes)
	take(&n.Migrations, d.Migrations)
	take(&n.Attention, d.Attention)
	n.Log = newest(n.Log, d.Log)
	return &n
}

// joined is the way of the two. While the database does not answer either it is as down as before, and says both.
func joined(primary, direct *Link) *Link {
	l := *primary
	switch {
	case direct == nil:
	case direct.State == LinkLive:
		l.State, l.Since, l.Heard, l.Acts = LinkDirect, direct.Since, direct.Heard, direct.Acts
	case direct.Reason != "":
		l.Reason += "; " + direct.Reason
	}
	return &l
}
