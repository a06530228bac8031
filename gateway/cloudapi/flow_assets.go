package cloudapi

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"mime/multipart"
	"net/http"

	"github.com/kirim-go/kirim"
)

// FlowAsset is a file of a flow, of which there is one so far.
type FlowAsset struct {
	Name        string `json:"name"`       // flow.json
	Type        string `json:"asset_type"` // FLOW_JSON
	DownloadURL string `json:"download_url"`
}

// FlowAssetListParams select a part of the list.
type FlowAssetListParams struct {
	Cursor string `url:"after,omitempty"` // of a [kirim.Page]
}

// ListAssets returns one page of the files of the flow with that id.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) ListAssets(ctx context.Context, id string, params FlowAssetListParams, opts ...kirim.RequestOption) (*kirim.Page[FlowAsset], error) {
	return list[FlowAsset](ctx, s.client, pathTo(id, "assets"), params, opts)
}

// AllAssets iterates over the files of the flow with that id, from params.Cursor on.
// An error is a [*kirim.ListError] and ends the iteration.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) AllAssets(ctx context.Context, id string, params FlowAssetListParams, opts ...kirim.RequestOption) iter.Seq2[*FlowAsset, error] {
	return all[FlowAsset](ctx, s.client, pathTo(id, "assets"), params, opts)
}

// UpdateJSON replaces the JSON of a draft, at most 10 MB. The result lists its
// faults, and the call has no error: the draft has the new JSON, and cannot be
// published before they are fixed. It is retried like a PUT.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/reference/flowsapi
func (s *FlowsService) UpdateJSON(ctx context.Context, id string, flowJSON []byte, opts ...kirim.RequestOption) (*FlowResult, error) {
	if !json.Valid(flowJSON) {
		return nil, refuse("flowJSON", "JSON", "something else")
	}
	body, option := form([][2]string{{"name", "flow.json"}, {"asset_type", "FLOW_JSON"}}, flowJSON)
	return call[FlowResult](ctx, s.client, http.MethodPost, pathTo(id, "assets"), nil, body, append(idempotent(opts), option), "success", "validation_errors")
}

// form is multipart/form-data in memory: fields, and the file flow.json unless it is
// nil. The option tells the server so. Writing to memory does not fail.
func form(fields [][2]string, flowJSON []byte) ([]byte, kirim.RequestOption) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range fields {
		_ = w.WriteField(field[0], field[1])
	}
	if flowJSON != nil {
		file, _ := w.CreatePart(map[string][]string{
			"Content-Disposition": {`form-data; name="file"; filename="flow.json"`},
			"Content-Type":        {"application/json"},
		})
		_, _ = file.Write(flowJSON)
	}
	_ = w.Close()
	return b.Bytes(), kirim.WithHeader("Content-Type", w.FormDataContentType())
}
