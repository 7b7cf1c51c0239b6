package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// Acts is what changes the system. Its methods may be called concurrently and heed their context; what Do has begun does not end with it.
type Acts interface {
	// Preview is what is known of an act before it is done. One that cannot be done, or not by this asker, says why in Refused and has no
	// Token. Errors: fault.NotFound for what does not exist, *source.UnavailableError.
	Preview(ctx context.Context, who Asker, act source.Act) (source.Preview, error)
	// Do begins what was previewed and returns the id of its run. Errors: *source.RefusedError for one who has no right to it,
	// *source.ChangedError when it is not as it was previewed, fault.NotFound, *source.UnavailableError.
	Do(ctx context.Context, who Asker, act source.Act, token, typed string) (id string, err error)
}

// Times and sizes of acts. A preview counts the rows that would be lost, which may take half a minute for each table.
const (
	previewTime = 2 * time.Minute
	maxRequest  = 64 << 10
	longestName = 255 // bytes; PostgreSQL's names have 63
)

// actVerbs are the verbs by what they are done to.
func actVerbs() map[source.Object][]source.Verb {
	return map[source.Object][]source.Verb{
		source.OnMigration: {source.Rollback, source.Apply, source.Hold, source.Release, source.Cancel},
		source.OnIndex:     {source.Drop, source.Build, source.Reindex, source.Cancel},
		source.OnSession:   {source.Cancel, source.End},
	}
}

// handleActs adds the acts to a server. Where there is nobody to do them it adds nothing.
func handleActs(mux *http.ServeMux, s Source, log *slog.Logger) {
	if s.Acts == nil {
		return
	}
	mux.HandleFunc("GET /v1/{object}/{name}/{verb}", func(w http.ResponseWriter, r *http.Request) {
		ctx, end := actTime(w, r)
		defer end()
		act, err := actOf(r)
		if err != nil {
			tell(w, log, err)
			return
		}
		preview, err := s.Acts.Preview(ctx, s.asker(r), act)
		if err != nil {
			tell(w, log, err)
			return
		}
		send(w, log, http.StatusOK, preview)
	})
	mux.HandleFunc("POST /v1/{object}/{name}/{verb}", func(w http.ResponseWriter, r *http.Request) {
		ctx, end := actTime(w, r)
		defer end()
		act, err := actOf(r)
		if err != nil {
			tell(w, log, err)
			return
		}
		asked, err := readRequest(w, r)
		if err != nil {
			tell(w, log, err)
			return
		}
		act.AfterStep = act.AfterStep || asked.AfterStep
		id, err := s.Acts.Do(ctx, s.asker(r), act, asked.Token, asked.Typed)
		if err != nil {
			tell(w, log, err)
			return
		}
		send(w, log, http.StatusAccepted, map[string]string{"id": id})
	})
}

// actTime gives an act its time, which is longer than that of the other answers.
func actTime(w http.ResponseWriter, r *http.Request) (context.Context, context.CancelFunc) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(previewTime + answerTime)) // else the usual one holds
	return context.WithTimeout(r.Context(), previewTime)
}

// request is the body of a POST.
type request struct {
	Token     string `json:"token"`
	Typed     string `json:"typed"`
	AfterStep bool   `json:"after_step"`
}

func readRequest(w http.ResponseWriter, r *http.Request) (request, error) {
	var asked request
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(answerTime)) // a body that does not come is not waited for, nor what is left of a bad one
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	if err := decoder.Decode(&asked); err != nil {
		return asked, fault.Wrap(fault.Invalid, `the body is no JSON object such as {"token": "…"}`, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return asked, fault.New(fault.Invalid, "after the JSON object there is something else")
	}
	_ = control.SetReadDeadline(time.Time{}) // else whoever asked would seem to have gone while the act is begun
	return asked, nil
}

// actOf reads which act a path means.
func actOf(r *http.Request) (source.Act, error) {
	act := source.Act{Object: source.Object(r.PathValue("object")), Name: r.PathValue("name"), Verb: source.Verb(r.PathValue("verb"))}
	if !slices.Contains(actVerbs()[act.Object], act.Verb) {
		return act, fault.New(fault.NotFound, "there is no such act")
	}
	if len(act.Name) > longestName || !utf8.ValidString(act.Name) || strings.ContainsFunc(act.Name, unicode.IsControl) {
		return act, fault.New(fault.Invalid, "nothing has such a name")
	}
	act.AfterStep = r.URL.Query().Get("after_step") == "1"
	if act.Object != source.OnSession {
		return act, nil
	}
	pid, err := strconv.ParseInt(act.Name, 10, 32)
	if err != nil || pid <= 0 {
		return act, fault.New(fault.Invalid, "a session is named by its process id")
	}
	act.Name = strconv.FormatInt(pid, 10)
	start, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("backend_start"))
	if err != nil {
		return act, fault.New(fault.Invalid, "a session is named by its process id and by backend_start, the time of its start: "+
			"the process id alone may be another's by now")
	}
	act.Start = &start
	return act, nil
}

// asker is who stands at the other end.
func (s Source) asker(r *http.Request) Asker {
	p, known := peerOf(r)
	switch {
	case !known:
		return Asker{You: Rights{}.You(p, false)}
	case s.Rights == nil:
		return Asker{Peer: p, You: source.You{UID: p.UID, Why: "nobody judges who may act"}}
	default:
		return Asker{Peer: p, You: s.Rights(p)}
	}
}

// tell answers with what went wrong.
func tell(w http.ResponseWriter, log *slog.Logger, err error) {
	var (
		refused *source.RefusedError
		changed *source.ChangedError
		down    *source.UnavailableError
		status  int
		text    = fault.Sentence(err)
	)
	switch {
	case errors.As(err, &refused):
		status, text = http.StatusForbidden, refused.Reason
	case errors.As(err, &changed):
		status, text = http.StatusConflict, changed.What
	case errors.As(err, &down):
		status, text = http.StatusServiceUnavailable, down.Reason
	case errors.Is(err, context.DeadlineExceeded):
		status, text = http.StatusServiceUnavailable, "it took too long"
	case fault.KindOf(err) == fault.NotFound:
		status = http.StatusNotFound
	case fault.KindOf(err) == fault.Invalid:
		status = http.StatusBadRequest
	default:
		status = http.StatusInternalServerError
		log.Error("an act failed", "error", err)
	}
	send(w, log, status, map[string]string{"error": text})
}

func send(w http.ResponseWriter, log *slog.Logger, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		log.Error("encoding an answer", "error", err)
		http.Error(w, `{"error": "the answer cannot be encoded"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // who asked may have gone
}
