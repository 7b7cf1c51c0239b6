package direct

import (
	"context"

	"healthagent/tui/source"
)

// Follow implements source.Source. The database is looked at while it lasts, at the pace of the daemon.
func (s *Source) Follow(ctx context.Context, show func(*source.Snapshot)) {
	source.Relay(ctx, show, func(ctx context.Context, post func(*source.Snapshot)) {
		l := newLook(s, post)
		s.mu.Lock()
		s.looks[l] = struct{}{}
		s.mu.Unlock()
		over := make(chan struct{})
		go func() {
			defer close(over)
			s.safely("looking at the database", func() { l.sampler.Run(ctx) })
		}()
		defer func() {
			s.mu.Lock()
			delete(s.looks, l)
			s.mu.Unlock()
			<-over
		}()
		if err := l.sampler.Follow(ctx, l.take); err != nil {
			s.log.WarnContext(ctx, "following what is seen of the database", "error", err)
		}
		<-ctx.Done()
	})
}

// Retry implements source.Source.
func (s *Source) Retry() {
	for _, l := range s.all() {
		l.sampler.Refresh()
	}
}

func (s *Source) all() []*look {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*look
	for l := range s.looks {
		out = append(out, l)
	}
	return out
}

// changed shows the runs anew.
func (s *Source) changed() {
	for _, l := range s.all() {
		l.show()
	}
}

// note writes a line of what was done into the log of who looks.
func (s *Source) note(e source.Event) {
	for _, l := range s.all() {
		l.sampler.Note(e)
	}
}

// known is the state for acts, nil while nobody follows.
func (s *Source) known() *source.Snapshot {
	for _, l := range s.all() {
		return l.known()
	}
	return nil
}
