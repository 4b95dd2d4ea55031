// Builders, rows and arrays that a plugin hands over, and all the wrong ways to do it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted.hpp"

namespace weir::op {
namespace {

using test::node;
using test::numbers;
using test::values;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const weir_host& host() { return fake::host(); }

weir_builder* built(weir_context* c, std::int64_t rows, std::uint32_t port = 0) {
  weir_builder* b = host().build(c, port, rows);
  if (!b) return nullptr;
  for (std::int64_t i = 0; i < rows; ++i) static_cast<std::int64_t*>(b->columns[0].values)[i] = 100 + i;
  b->length = rows;
  return b;
}

/// The error that a plugin gets which does this in process; it names operator and plugin, and nothing came out.
std::string misused(std::function<weir_code(weir_context*, const weir_batch*)> process, std::size_t before = 0) {
  weir_code got = WEIR_OK;
  node n([&](weir_context* c, const weir_batch* b) { return got = process(c, b); });
  EXPECT_FALSE(n->process(0, numbers(4)));
  EXPECT_LT(got, 0);
  EXPECT_THAT(n.why(), StartsWith("operator it/0: plugin fake 1.0.0: "));
  EXPECT_EQ(n.failure.why().by, base::blame::plugin);
  EXPECT_EQ(n.out.all.size(), before);
  return n.why();
}

TEST(Emit, WhatWasBuiltGoesToItsPort) {
  node n([](weir_context* c, const weir_batch*) -> weir_code { return host().emit(c, built(c, 3), 0); });
  ASSERT_TRUE(n->process(0, numbers(4)));
  ASSERT_EQ(n.out.all.size(), 1u);
  EXPECT_THAT(values(*n.out.all[0].second), ElementsAre(100, 101, 102));
  EXPECT_EQ(n.out.all[0].second->view().event_time[0], 3000) << "without a parent: the newest row's";
}

TEST(Emit, WhatLeavesByAPortForLateRowsIsCountedAsLate) {
  node n([](weir_context* c, const weir_batch*) -> weir_code {
    for (std::uint32_t port = 0; port < 4; ++port)
      if (const auto code = host().emit(c, built(c, port + 1, port), 0); code < 0) return code;
    return WEIR_OK;
  });
  for (const char* name : {"late", "late.right", "later"}) {
    n.what->outputs.push_back(n.what->outputs[0]);
    n.what->outputs.back().name = name;
  }
  ASSERT_TRUE(n->process(0, numbers(1))) << n.why();
  EXPECT_EQ(n->counts().late, 2u + 3u);
  EXPECT_EQ(n->counts().records_out, 10u);
}

TEST(Emit, ABuilderIsGoneOnceItWasEmitted) {
  EXPECT_THAT(misused(
                  [](weir_context* c, const weir_batch*) -> weir_code {
                    weir_builder* b = built(c, 1);
                    EXPECT_EQ(host().emit(c, b, 0), WEIR_OK);
                    return host().emit(c, b, 0);
                  },
                  1),
              HasSubstr("emit was given a builder that is not open"));
}

TEST(Emit, ABuilderIsGoneOnceItWasDiscarded) {
  EXPECT_THAT(misused([](weir_context* c, const weir_batch*) -> weir_code {
                weir_builder* b = built(c, 1);
                host().discard(c, b);
                host().discard(c, b);
                return host().emit(c, b, 0);
              }),
              HasSubstr("not open"));
}

TEST(Emit, WhatACallLeavesOpenIsDroppedAndCannotBeEmittedLater) {
  weir_builder* left = nullptr;
  node n([&](weir_context* c, const weir_batch*) -> weir_code {
    if (left) return host().emit(c, left, 0);
    left = built(c, 1);
    return WEIR_OK;
  });
  ASSERT_TRUE(n->process(0, numbers(1)));
  EXPECT_TRUE(n.out.all.empty());
  EXPECT_FALSE(n->process(0, numbers(1)));
  EXPECT_THAT(n.why(), HasSubstr("not open"));
}

TEST(Emit, ABuilderOfAnotherNodeIsRefusedAndStaysWithItsOwner) {
  weir_builder* foreign = nullptr;
  node other([&](weir_context* c, const weir_batch*) -> weir_code {
    foreign = built(c, 2);
    EXPECT_THAT(
        misused([&](weir_context* mine, const weir_batch*) -> weir_code { return host().emit(mine, foreign, 0); }),
        HasSubstr("not of this operator"));
    return host().emit(c, foreign, 0);
  });
  EXPECT_TRUE(other->process(0, numbers(1)));
  EXPECT_EQ(other.out.all.size(), 1u);
}

TEST(Emit, APortThatThePluginWroteOverIsNotBelieved) {
  EXPECT_THAT(misused([](weir_context* c, const weir_batch*) -> weir_code {
                weir_builder* b = built(c, 1);
                b->port = 77;
                host().discard(c, b);
                return host().emit(c, b, 0);
              }),
              HasSubstr("not open"));
}

TEST(Emit, APortThatBindDidNotDeclareIsNamed) {
  for (int slot = 0; slot < 3; ++slot)
    EXPECT_THAT(misused([&](weir_context* c, const weir_batch* b) -> weir_code {
                  if (slot == 2) return host().emit_rows(c, 9, b, nullptr, 4, nullptr, 0);
                  EXPECT_EQ(slot ? host().build_beside(c, 9, b) : host().build(c, 9, 1), nullptr);
                  return WEIR_E_CONTRACT;
                }),
                AllOf(HasSubstr("output port 9"), HasSubstr("declared 1 ports")));
}

TEST(Emit, OnlyTheBatchInWorkCanBePassedOn) {
  const auto another = numbers(4);
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().emit_rows(c, 0, &another->view(), nullptr, 4, nullptr, 0);
              }),
              HasSubstr("emit_rows was given a batch that is not the one being processed"));
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().build_beside(c, 0, &another->view()) ? WEIR_OK : WEIR_E_CONTRACT;
              }),
              HasSubstr("build_beside was given a batch"));
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().dead_letter(c, &another->view(), 0, WEIR_E_DATA, test::view("x"), {});
              }),
              HasSubstr("dead_letter was given a batch"));
}

TEST(Emit, RowsThatAreNotThereAreRefused) {
  EXPECT_THAT(misused([](weir_context* c, const weir_batch* b) -> weir_code {
                const std::uint32_t rows[] = {0, 4};
                return host().emit_rows(c, 0, b, rows, 2, nullptr, 0);
              }),
              HasSubstr("row 4 of a batch of 4"));
  EXPECT_THAT(misused([](weir_context* c, const weir_batch* b) -> weir_code {
                const std::uint32_t rows[] = {0, 1, 2, 3, 3};
                return host().emit_rows(c, 0, b, rows, 5, nullptr, 0);
              }),
              HasSubstr("5 rows of a batch of 4"));
  EXPECT_THAT(misused([](weir_context* c, const weir_batch* b) -> weir_code {
                return host().dead_letter(c, b, 4, WEIR_E_DATA, test::view("x"), {});
              }),
              HasSubstr("row 4 of a batch of 4"));
}

TEST(Emit, ABuilderOfAllColumnsCannotStandBesideABatch) {
  EXPECT_THAT(misused([](weir_context* c, const weir_batch* b) -> weir_code {
                return host().emit_rows(c, 0, b, nullptr, 4, built(c, 4), 0);
              }),
              HasSubstr("not made by build_beside"));
}

TEST(Emit, RowsOfARowBufferAreTakenWithoutACopy) {
  const std::uint32_t* given = nullptr;
  node n([&](weir_context* c, const weir_batch* b) -> weir_code {
    std::uint32_t* rows = host().row_buffer(c, 4);
    given = rows;
    rows[0] = 1;
    rows[1] = 3;
    return host().emit_rows(c, 0, b, rows, 2, nullptr, 0);
  });
  ASSERT_TRUE(n->process(0, numbers(4)));
  ASSERT_EQ(n.out.all.size(), 1u);
  EXPECT_EQ(n.out.all[0].second->rows(), given);
  EXPECT_THAT(values(*n.out.all[0].second), ElementsAre(1, 3));
}

TEST(Emit, NoRowsAreNoBatch) {
  node n([](weir_context* c, const weir_batch* b) -> weir_code {
    const std::uint32_t none[] = {0};
    if (const weir_code code = host().emit_rows(c, 0, b, none, 0, nullptr, 0)) return code;
    return host().emit(c, built(c, 0), 0);
  });
  EXPECT_TRUE(n->process(0, numbers(4)));
  EXPECT_TRUE(n.out.all.empty());
}

// ---- arrays of the plugin

/// A struct array with one int64 child, which counts its releases.
struct own_array {
  std::vector<std::int64_t> numbers = {7, 8, 9};
  int released = 0;
  const void* child_buffers[2] = {nullptr, nullptr};
  const void* buffers[1] = {nullptr};
  ArrowArray child{}, whole{};
  ArrowArray* children[1] = {&child};

  own_array() {
    child_buffers[1] = numbers.data();
    child.length = whole.length = 3;
    child.n_buffers = 2;
    child.buffers = child_buffers;
    child.release = [](ArrowArray* a) { a->release = nullptr; };
    whole.n_buffers = 1;
    whole.buffers = buffers;
    whole.n_children = 1;
    whole.children = children;
    whole.private_data = this;
    whole.release = [](ArrowArray* a) {
      ++static_cast<own_array*>(a->private_data)->released;
      a->release = nullptr;
    };
  }
};

TEST(Emit, AnArrayOfThePluginIsReleasedOnceWhenNobodyNeedsIt) {
  own_array array;
  {
    node n([&](weir_context* c, const weir_batch*) -> weir_code {
      return host().emit_array(c, 0, &array.whole, nullptr);
    });
    ASSERT_TRUE(n->process(0, numbers(4)));
    EXPECT_EQ(array.whole.release, nullptr) << "moved";
    ASSERT_EQ(n.out.all.size(), 1u);
    EXPECT_THAT(values(*n.out.all[0].second), ElementsAre(7, 8, 9));
  }
  EXPECT_EQ(array.released, 1);
}

TEST(Emit, ARefusedArrayIsReleasedOnceToo) {
  own_array unknown_port, two_columns, bad_parents, null_buffer;
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().emit_array(c, 5, &unknown_port.whole, nullptr);
              }),
              HasSubstr("output port 5"));
  two_columns.whole.n_children = 2;
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().emit_array(c, 0, &two_columns.whole, nullptr);
              }),
              HasSubstr("2 columns"));
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                const std::uint32_t parents[] = {0, 1, 4};
                return host().emit_array(c, 0, &bad_parents.whole, parents);
              }),
              HasSubstr("4"));
  null_buffer.child_buffers[1] = nullptr;
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().emit_array(c, 0, &null_buffer.whole, nullptr);
              }),
              HasSubstr("no values buffer"));
  for (own_array* a : {&unknown_port, &two_columns, &bad_parents, &null_buffer}) {
    EXPECT_EQ(a->released, 1);
    EXPECT_EQ(a->whole.release, nullptr);
  }
}

TEST(Emit, AnArrayThatIsNotThereIsAnErrorNotACrash) {
  EXPECT_THAT(misused([](weir_context* c, const weir_batch*) -> weir_code {
                return host().emit_array(c, 0, nullptr, nullptr);
              }),
              HasSubstr("null"));
  own_array released;
  released.whole.release = nullptr;
  EXPECT_THAT(misused([&](weir_context* c, const weir_batch*) -> weir_code {
                return host().emit_array(c, 0, &released.whole, nullptr);
              }),
              HasSubstr("released"));
}

}  // namespace
}  // namespace weir::op
