/* zoo_source.h: a source that is right in everything: one split "s" with 10 rows of an int64 column "amount". A bad source
 * defines the macro that is its defect, then includes this as its last line. */
#include "zoo_schema.h"

struct zoo_reader {
  const weir_host* host;
  int64_t next;
};
ZOO_MAYBE_UNUSED static weir_code zoo_discover(const weir_host* host, const void* plan, weir_splits* splits) {
  weir_view id = {"s", 1};
  (void)plan;
  return host->add_split(splits, id);
}
ZOO_MAYBE_UNUSED static weir_code zoo_source_create(const weir_host* host, weir_context* c, const void* plan,
                                                    void** self) {
  struct zoo_reader* reader = (struct zoo_reader*)calloc(1, sizeof *reader);
  (void)c, (void)plan;
  reader->host = host;
  *self = reader;
  return WEIR_OK;
}
ZOO_MAYBE_UNUSED static void zoo_source_destroy(void* self) { free(self); }
ZOO_MAYBE_UNUSED static weir_code zoo_open_split(void* self, weir_context* c, uint32_t split, weir_view id,
                                                 weir_view position) {
  (void)c, (void)split, (void)id;
  if (position.size == sizeof(int64_t)) memcpy(&((struct zoo_reader*)self)->next, position.data, sizeof(int64_t));
  return WEIR_OK;
}
ZOO_MAYBE_UNUSED static weir_code zoo_emit(struct zoo_reader* reader, weir_context* c, uint32_t split) {
  weir_builder* builder = reader->host->build(c, 0, 1);
  if (!builder) return WEIR_E_MEMORY;
  ((int64_t*)builder->columns[0].values)[0] = reader->next;
  builder->length = 1;
  builder->split = split;
  builder->first_offset = reader->next++;
  return reader->host->emit(c, builder, 0);
}
ZOO_MAYBE_UNUSED static weir_code zoo_poll(void* self, weir_context* c, int64_t wait_us) {
  struct zoo_reader* reader = (struct zoo_reader*)self;
  (void)wait_us;
  if (reader->next < 10) return zoo_emit(reader, c, 0);
  reader->host->split_end(c, 0);
  return WEIR_END;
}
ZOO_MAYBE_UNUSED static weir_code zoo_position(void* self, weir_context* c, uint32_t split, weir_bytes* out) {
  struct zoo_reader* reader = (struct zoo_reader*)self;
  weir_view bytes;
  (void)c, (void)split;
  bytes.data = (const char*)&reader->next;
  bytes.size = sizeof reader->next;
  reader->host->append(out, bytes);
  return WEIR_OK;
}
#ifndef ZOO_DISCOVER
#  define ZOO_DISCOVER zoo_discover
#endif
#ifndef ZOO_POLL
#  define ZOO_POLL zoo_poll
#endif
#ifndef ZOO_OPEN_SPLIT
#  define ZOO_OPEN_SPLIT zoo_open_split
#endif
#ifndef ZOO_POSITION
#  define ZOO_POSITION zoo_position
#endif
static const weir_source zoo_source = {sizeof(weir_source),
                                       0,
                                       "bad",
                                       "A source with one defect.",
                                       NULL,
                                       sizeof(weir_option),
                                       zoo_bind_amount,
                                       NULL,
                                       ZOO_DISCOVER,
                                       zoo_source_create,
                                       zoo_source_destroy,
                                       ZOO_OPEN_SPLIT,
                                       NULL,
                                       ZOO_POLL,
                                       ZOO_POSITION,
                                       NULL,
                                       NULL};
static const weir_source* const zoo_sources[] = {&zoo_source, NULL};
#define ZOO_OPERATORS NULL
#define ZOO_SOURCES zoo_sources
#include "zoo.h"
