package botapi

import (
	"context"
	"errors"
	"slices"
	"sync"
)

var errClosed = errors.New("server closed")

// subscription is a queue of events that one listener has not taken yet.
type subscription struct {
	mu     sync.Mutex
	queue  []Event
	signal chan struct{} // holds a token while the queue may be non-empty
}

func (q *subscription) add(e Event) {
	q.mu.Lock()
	q.queue = append(q.queue, e)
	q.mu.Unlock()
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

func (q *subscription) take() []Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.queue
	q.queue = nil
	return taken
}

// Subscribe returns every event from now on in order. None is lost or holds the
// server up: what the listener has not taken is kept for it. The channel is closed
// when ctx ends or the server closes.
func (s *Server) Subscribe(ctx context.Context) <-chan Event {
	sub := &subscription{signal: make(chan struct{}, 1)}
	events := make(chan Event, 64)
	s.mu.Lock()
	s.log.subs = append(s.log.subs, sub)
	s.mu.Unlock()
	go func() {
		defer close(events)
		defer s.unsubscribe(sub)
		for {
			select {
			case <-sub.signal:
			case <-ctx.Done():
				return
			case <-s.done:
				return
			}
			for _, e := range sub.take() {
				select {
				case events <- e:
				case <-ctx.Done():
					return
				case <-s.done:
					return
				}
			}
		}
	}()
	return events
}

func (s *Server) unsubscribe(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.subs = slices.DeleteFunc(s.log.subs, func(o *subscription) bool { return o == sub })
}
