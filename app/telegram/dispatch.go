package telegram

import (
	"context"
	"sync"

	"healthagent/store"
)

// capacity is how many updates may wait in memory. More stay with Telegram until there is room: the poller waits.
const capacity = 2000

// dispatcher hands updates to workers: those of one chat one after the other in the order of their coming, those of different chats
// side by side. It is in memory only: what it holds is in the inbox.
type dispatcher struct {
	mu     sync.Mutex
	work   sync.Cond // there is a line for a worker, or the end
	room   sync.Cond // there is room for an update, or the end
	chats  map[int64]*line
	ready  []*line // lines that no worker has and that hold an update
	limit  int
	size   int
	closed bool
}

// line is the queue of one chat.
type line struct {
	chat    int64
	updates []store.Update
	crowd   bool // since the line was empty last, several waited at the same time
}

func newDispatcher(limit int) *dispatcher {
	d := &dispatcher{chats: map[int64]*line{}, limit: limit}
	d.work.L, d.room.L = &d.mu, &d.mu
	return d
}

// add queues updates and waits while there is no room. It returns false when the dispatcher was closed meanwhile.
func (d *dispatcher) add(updates ...store.Update) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range updates {
		for d.size >= d.limit && !d.closed {
			d.room.Wait()
		}
		if d.closed {
			return false
		}
		key := lineOf(u)
		l := d.chats[key]
		if l == nil {
			l = &line{chat: key}
			d.chats[key] = l
			d.ready = append(d.ready, l)
			d.work.Signal()
		}
		l.crowd = l.crowd || len(l.updates) > 0
		l.updates = append(l.updates, u)
		d.size++
	}
	return true
}

// lineOf is the chat, or the person when there is no chat, or nobody's line.
func lineOf(u store.Update) int64 {
	if u.ChatID != 0 {
		return u.ChatID
	}
	return u.UserID
}

// take waits for the first update of a chat that no other worker has; false when the dispatcher is closed. The worker must call
// release afterwards.
func (d *dispatcher) take() (*line, store.Update, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.ready) == 0 && !d.closed {
		d.work.Wait()
	}
	if d.closed {
		return nil, store.Update{}, false
	}
	l := d.ready[0]
	d.ready[0] = nil
	d.ready = d.ready[1:]
	return l, l.updates[0], true
}

// release removes the update that was taken from its line and lets the next of the chat go.
func (d *dispatcher) release(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.updates[0] = store.Update{}
	l.updates = l.updates[1:]
	d.size--
	d.room.Signal()
	if len(l.updates) == 0 {
		delete(d.chats, l.chat)
		return
	}
	d.ready = append(d.ready, l)
	d.work.Signal()
}

// crowded reports whether the update at work in a chat is one of several that waited: to the person, the last of a burst is too.
func (d *dispatcher) crowded(chat int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.chats[chat]
	return l != nil && l.crowd
}

// len is how many updates are queued in all.
func (d *dispatcher) len() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.size
}

// close ends add and take. What is still queued stays in the inbox.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.work.Broadcast()
	d.room.Broadcast()
}

// closeWith closes the dispatcher when ctx ends; the function it returns stops the watching.
func (d *dispatcher) closeWith(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, d.close)
}
