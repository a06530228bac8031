package cloudapi

import (
	"context"
	"iter"

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
