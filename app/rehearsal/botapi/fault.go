package botapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Mode is the way a programmed fault goes wrong.
type Mode int

// The modes of a fault.
const (
	// Refuse answers an error in Telegram's shape with the fault's Status.
	Refuse Mode = iota
	// Page answers the fault's Status with a proxy's HTML page.
	Page
	// Hang reads the request and answers nothing until the fault is cleared (then
	// the connection is dropped), the client gives up or the server closes.
	Hang
	// DropBefore closes the connection without having done anything.
	DropBefore
	// DropAfter does what was asked and closes the connection without an answer.
	DropAfter
	// Garbage answers 200 with a body that is no JSON, having done nothing.
	Garbage
)

// Fault is a programmed misbehaviour. A request meets the oldest fault that fits.
type Fault struct {
	// Methods are the methods it strikes, in any case; none means all.
	Methods []string
	// ChatID restricts it to requests for one chat; 0 means any.
	ChatID int64
	Mode   Mode
	// Status is the HTTP status and error_code; default 500, for Page 502.
	Status int
	// RetryAfter in seconds goes with a 429; default 1 there.
	RetryAfter int
	// Description replaces the usual text of the Status.
	Description string
	// Times is how many requests it strikes; 0 means until it is cleared.
	Times int
}

// faults are the armed ones in order of arrival.
type faults struct {
	mu       sync.Mutex
	armed    []*Fault
	outage   bool
	released chan struct{} // closed when hanging requests are let go
}

// Fault arms f in addition to those already armed.
func (s *Server) Fault(f Fault) {
	f.Methods = slices.Clone(f.Methods)
	for i, m := range f.Methods {
		f.Methods[i] = strings.ToLower(m)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = append(s.faults.armed, &f)
}

// ClearFaults disarms every fault, ends an outage and drops hanging requests.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = nil
	s.faults.outage = false
	close(s.faults.released)
	s.faults.released = make(chan struct{})
}

// Outage drops every connection, waiting polls included, until Outage(false) or
// ClearFaults. People can go on talking; what they say is kept for later.
func (s *Server) Outage(on bool) {
	s.faults.mu.Lock()
	s.faults.outage = on
	s.faults.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if on && s.queue.poll != nil {
		s.queue.poll.answer <- pollAnswer{cut: true}
		s.queue.poll = nil
	}
}

// match takes the first armed fault that fits, counting it down.
func (f *faults) match(name string, chatID int64) (Fault, <-chan struct{}, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.outage {
		return Fault{Mode: DropBefore}, nil, true
	}
	name = strings.ToLower(name)
	for i, a := range f.armed {
		if len(a.Methods) > 0 && !slices.Contains(a.Methods, name) || a.ChatID != 0 && a.ChatID != chatID {
			continue
		}
		hit := *a
		if a.Times == 1 {
			f.armed = slices.Delete(f.armed, i, i+1)
		} else if a.Times > 1 {
			a.Times--
		}
		return hit, f.released, true
	}
	return Fault{}, nil, false
}

// misbehave strikes the request with a fault, if one is armed for it; it reports
// whether the request has been dealt with.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, name string, p params) bool {
	f, released, ok := s.faults.match(name, p.integer("chat_id", 0, minInt, maxInt))
	if !ok {
		return false
	}
	s.mu.Lock()
	s.stats.Faults++
	s.record(Event{Kind: Faulted, Method: name, ChatID: p.integer("chat_id", 0, minInt, maxInt), Code: f.Status})
	s.mu.Unlock()
	switch f.Mode {
	case Refuse:
		writeError(w, f.refusal())
	case Page:
		writePage(w, f.Status)
	case Garbage:
		writeJSON(w, http.StatusOK, []byte(`{"ok":true,"resu`))
	case Hang:
		select {
		case <-released:
		case <-r.Context().Done():
		case <-s.done:
		}
		panic(http.ErrAbortHandler)
	case DropAfter:
		s.call(&unheard{header: make(http.Header)}, r, name, p)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
	return true
}

// refusal is the error a Refuse fault answers with.
func (f Fault) refusal() *apiError {
	e := &apiError{Code: f.Status, Description: f.Description, RetryAfter: f.RetryAfter}
	if e.Code == 0 {
		e.Code = http.StatusInternalServerError
	}
	if e.Code == http.StatusTooManyRequests {
		e.RetryAfter = max(e.RetryAfter, 1)
	}
	if e.Description != "" {
		return e
	}
	switch e.Code {
	case http.StatusTooManyRequests:
		e.Description = "Too Many Requests: retry after " + strconv.Itoa(e.RetryAfter)
	case http.StatusForbidden:
		e.Description = "Forbidden: bot was blocked by the user"
	default:
		e.Description = http.StatusText(e.Code)
	}
	return e
}

// writePage answers as a proxy does whose upstream is away.
func writePage(w http.ResponseWriter, status int) {
	if status == 0 {
		status = http.StatusBadGateway
	}
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" +
		title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"))
}

// unheard is the far end of a connection that breaks before the answer.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u *unheard) WriteHeader(int)             {}
