package botapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody bounds a request as the real server bounds an upload.
const maxBody = 50 << 20

// params are a request's parameters by name. A JSON string is held unquoted and
// every other JSON value as its text, which is how the real server sees them,
// whatever the encoding of the request. An uploaded file is held as its content.
type params map[string]string

// readParams reads the query and the body in any of the four encodings Telegram
// takes. The error is an *apiError.
func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	p := make(params, 8)
	if r.URL.RawQuery != "" {
		p.addForm(r.URL.Query())
	}
	if r.Body == nil || r.Method == http.MethodGet {
		return p, p.checkUTF8()
	}
	kind, attr, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	var err error
	switch {
	case kind == "multipart/form-data":
		err = p.readMultipart(r, attr["boundary"])
	case kind == "application/json":
		err = p.readJSON(r.Body)
	default:
		err = p.readForm(r.Body)
	}
	if err != nil {
		return nil, bodyError(err)
	}
	return p, p.checkUTF8()
}

// bodyError is the refusal for a body that could not be read.
func bodyError(err error) error {
	var refusal *apiError
	if errors.As(err, &refusal) {
		return refusal
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &apiError{Code: http.StatusRequestEntityTooLarge, Description: "Request Entity Too Large"}
	}
	return badRequest("can't parse request body")
}

func (p params) readJSON(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil || len(raw) == 0 {
		return err
	}
	if !utf8.Valid(raw) { // the decoder would repair it silently
		return badRequest("strings must be encoded in UTF-8")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	for name, value := range fields {
		if value[0] != '"' {
			if string(value) != "null" {
				p[name] = string(value)
			}
			continue
		}
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
		p[name] = text
	}
	return nil
}

func (p params) readForm(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(raw))
	p.addForm(form)
	return err
}

// readMultipart tolerates an empty body: go-telegram sends one without a closing
// boundary for a method that takes no parameters.
func (p params) readMultipart(r *http.Request, boundary string) error {
	if boundary == "" {
		return http.ErrMissingBoundary
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return err
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if part.FileName() != "" {
			p[fileParam(part.FormName())] = string(value)
			continue
		}
		p[part.FormName()] = string(value)
	}
}

// fileParam is the name under which an uploaded file is held, apart from text
// parameters, since its bytes need not be UTF-8.
func fileParam(name string) string { return "file:" + name }

func (p params) addForm(form url.Values) {
	for name, values := range form {
		if len(values) > 0 {
			p[name] = values[0]
		}
	}
}

func (p params) checkUTF8() error {
	for name, value := range p {
		if !strings.HasPrefix(name, "file:") && !utf8.ValidString(value) {
			return badRequest("strings must be encoded in UTF-8")
		}
	}
	return nil
}

// integer is the parameter as a number clipped to [low, high], or fallback when it
// is missing or no number.
func (p params) integer(name string, fallback, low, high int64) int64 {
	n, err := strconv.ParseInt(p[name], 10, 64)
	if err != nil {
		n = fallback
	}
	return min(max(n, low), high)
}

func (p params) boolean(name string) bool {
	switch strings.ToLower(p[name]) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// object decodes a parameter that is JSON into v; it reports false when the
// parameter is missing or null.
func (p params) object(name string, v any) (bool, error) {
	raw := strings.TrimSpace(p[name])
	if raw == "" || raw == "null" {
		return false, nil
	}
	return true, json.Unmarshal([]byte(raw), v)
}
