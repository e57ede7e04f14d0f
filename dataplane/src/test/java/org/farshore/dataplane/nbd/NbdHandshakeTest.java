package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_ABORT;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_EXPORT_NAME;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_GO;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_INFO;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_LIST;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_LIST_META_CONTEXT;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_SET_META_CONTEXT;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_STARTTLS;
import static org.farshore.dataplane.nbd.NbdProtocol.OPT_STRUCTURED_REPLY;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_ACK;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_ERR_INVALID;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_ERR_POLICY;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_ERR_TOO_BIG;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_ERR_UNKNOWN;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_ERR_UNSUP;
import static org.farshore.dataplane.nbd.NbdProtocol.REP_INFO;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.farshore.dataplane.nbd.NbdClient.OptionReply;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NbdHandshakeTest {
    private static final int SIZE = 1 << 20;
    private static final String CONTEXT = "base:allocation";

    private NbdServerRig rig;
    private NbdClient client;

    @BeforeEach
    void serve() throws IOException {
        rig = NbdServerRig.with(new MemoryExport(SIZE));
        client = NbdClient.greeted(rig.socket);
    }

    @AfterEach
    void end() throws IOException {
        client.close();
        rig.close();
        assertThat(rig.faults).isEmpty();
    }

    private int answer(final int option, final byte... data) throws IOException {
        return NbdClient.last(client.option(option, data)).type();
    }

    private byte[] allZeroes(final int flags) throws IOException {
        try (NbdClient old = new NbdClient(rig.socket)) {
            old.greet(flags);
            old.sendOption(OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8));
            assertThat(old.in.readLong()).isEqualTo(SIZE);
            assertThat(old.in.readUnsignedShort() & 1).isEqualTo(1);
            old.send(NbdProtocol.CMD_DISC, 0, 0, 0);
            return old.in.readAllBytes();
        }
    }

    @Test
    void exportNameIsFollowedByReservedZeroesUnlessBothSidesSaidNo() throws IOException {
        assertThat(allZeroes(NbdClient.FIXED)).isEqualTo(new byte[124]);
        assertThat(allZeroes(NbdClient.FIXED | NbdClient.NO_ZEROES)).isEmpty();
        assertThat(allZeroes(0)).isEqualTo(new byte[124]);
    }

    @Test
    void exportNameOfAnUnknownExportEndsTheConnection() throws IOException {
        client.sendOption(OPT_EXPORT_NAME, "none".getBytes(StandardCharsets.UTF_8));
        assertThat(client.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.NO_EXPORT, 1);
    }

    @Test
    void thereIsNoDefaultExport() throws IOException {
        assertThat(answer(OPT_GO, NbdClient.info(""))).isEqualTo(REP_ERR_UNKNOWN);
        client.sendOption(OPT_EXPORT_NAME);
        assertThat(client.isHungUp()).isTrue();
    }

    @Test
    void plainNewstyleKnowsExportNameAlone() throws IOException {
        try (NbdClient old = new NbdClient(rig.socket)) {
            old.greet(0);
            old.sendOption(OPT_LIST);
            assertThat(old.isHungUp()).isTrue();
        }
        rig.awaitClosed(NbdCloseReason.PROTOCOL, 1);
    }

    @Test
    void clientFlagsThatWereNotOfferedEndTheConnection() throws IOException {
        try (NbdClient odd = new NbdClient(rig.socket)) {
            odd.greet(4);
            assertThat(odd.isHungUp()).isTrue();
        }
        rig.awaitClosed(NbdCloseReason.PROTOCOL, 1);
    }

    @Test
    void listNamesEveryExportWithItsDescription() throws IOException {
        rig.server.add("böse name", new MemoryExport(512));
        final List<OptionReply> replies = client.option(OPT_LIST);
        assertThat(replies).hasSize(3);
        final ByteBuffer second = replies.get(0).buffer();
        final byte[] name = new byte[second.getInt()];
        second.get(name);
        assertThat(new String(name, StandardCharsets.UTF_8)).isEqualTo("böse name");
        final byte[] description = new byte[second.remaining()];
        second.get(description);
        assertThat(new String(description, StandardCharsets.UTF_8)).isEqualTo("made of memory");
        assertThat(answer(OPT_LIST, (byte) 1)).isEqualTo(REP_ERR_INVALID);
    }

    @Test
    void infoTellsSizeFlagsAndBlockSizesAndDoesNotEndTheHaggling() throws IOException {
        for (final int option : new int[] {OPT_INFO, OPT_GO}) {
            final List<OptionReply> replies = client.option(
                    option, NbdClient.info("disk", NbdProtocol.INFO_NAME, NbdProtocol.INFO_DESCRIPTION, 77));
            assertThat(replies).hasSize(5);
            final ByteBuffer export = replies.get(0).buffer();
            assertThat(export.getShort()).isEqualTo((short) NbdProtocol.INFO_EXPORT);
            assertThat(export.getLong()).isEqualTo(SIZE);
            final int flags = export.getShort();
            assertThat(flags).isEqualTo((short) (1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 8));
            final ByteBuffer blocks = replies.get(1).buffer();
            assertThat(blocks.getShort()).isEqualTo((short) NbdProtocol.INFO_BLOCK_SIZE);
            assertThat(blocks.getInt()).isEqualTo(1);
            assertThat(blocks.getInt()).isEqualTo(4096);
            assertThat(blocks.getInt()).isEqualTo(32 << 20);
            assertThat(replies.get(2).text()).endsWith("disk");
            assertThat(replies.get(3).text()).endsWith("made of memory");
            assertThat(replies.get(4).type()).isEqualTo(REP_ACK);
        }
        assertThat(client.flush()).as("GO has begun the transmission").isZero();
    }

    @Test
    void advertisesWhatAnExportDoesAndNothingElse() throws IOException {
        final MemoryExport frozen = new MemoryExport(512);
        frozen.readOnly = true;
        final MemoryExport fast = new MemoryExport(512);
        fast.zeroingFast = true;
        fast.trims = false;
        rig.server.add("frozen", frozen);
        rig.server.add("fast", fast);
        assertThat(flags("frozen")).isEqualTo(1 | 1 << 1 | 1 << 2 | 1 << 8);
        assertThat(flags("fast")).isEqualTo(1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 8 | 1 << 11);
        assertThat(answer(OPT_STRUCTURED_REPLY)).isEqualTo(REP_ACK);
        assertThat(flags("frozen")).as("now with DF").isEqualTo(1 | 1 << 1 | 1 << 2 | 1 << 7 | 1 << 8);
    }

    private int flags(final String name) throws IOException {
        return client.option(OPT_INFO, NbdClient.info(name)).get(0).buffer().getShort(10);
    }

    @Test
    void infoAndGoRefuseWhatDoesNotAddUp() throws IOException {
        final byte[] good = NbdClient.info("disk", NbdProtocol.INFO_NAME);
        for (int length = 0; length < good.length; length++) {
            assertThat(answer(OPT_GO, Arrays.copyOf(good, length))).isEqualTo(REP_ERR_INVALID);
        }
        assertThat(answer(OPT_GO, Arrays.copyOf(good, good.length + 1))).isEqualTo(REP_ERR_INVALID);
        final byte[] huge = good.clone();
        huge[0] = (byte) 0xFF;
        assertThat(answer(OPT_GO, huge)).isEqualTo(REP_ERR_INVALID);
        final byte[] noText = good.clone();
        noText[5] = (byte) 0xC0;
        assertThat(answer(OPT_GO, noText)).as("no UTF-8").isEqualTo(REP_ERR_INVALID);
        assertThat(answer(OPT_GO, NbdClient.info("x".repeat(4096)))).isEqualTo(REP_ERR_UNKNOWN);
        assertThat(answer(OPT_GO, NbdClient.info("x".repeat(4097)))).isEqualTo(REP_ERR_INVALID);
        assertThat(answer(OPT_GO, good)).as("and goes on haggling").isEqualTo(REP_ACK);
    }

    @Test
    void unknownOptionsAreAnsweredAndPassedOver() throws IOException {
        assertThat(answer(4711, new byte[100])).isEqualTo(REP_ERR_UNSUP);
        assertThat(answer(-1)).isEqualTo(REP_ERR_UNSUP);
        assertThat(answer(OPT_STARTTLS)).isEqualTo(REP_ERR_UNSUP);
        assertThat(answer(11)).as("extended headers").isEqualTo(REP_ERR_UNSUP);
        assertThat(answer(4711, new byte[NbdLimits.OPTION_LENGTH_MAX])).isEqualTo(REP_ERR_UNSUP);
        assertThat(answer(4711, new byte[NbdLimits.OPTION_LENGTH_MAX + 1])).isEqualTo(REP_ERR_TOO_BIG);
        assertThat(answer(OPT_GO, new byte[NbdLimits.OPTION_SKIPPED_LENGTH_MAX]))
                .isEqualTo(REP_ERR_TOO_BIG);
        client.go("disk");
    }

    @Test
    void anOptionThatAnnouncesTooMuchEndsTheConnectionBeforeAnythingIsRead() throws IOException {
        for (final int length : new int[] {NbdLimits.OPTION_SKIPPED_LENGTH_MAX + 1, Integer.MAX_VALUE, -1}) {
            try (NbdClient greedy = NbdClient.greeted(rig.socket)) {
                greedy.send(data -> {
                    data.writeLong(NbdProtocol.OPTION_MAGIC);
                    data.writeInt(OPT_GO);
                    data.writeInt(length);
                });
                assertThat(greedy.isHungUp()).isTrue();
            }
        }
        rig.awaitClosed(NbdCloseReason.OVERSIZE, 3);
    }

    @Test
    void hagglingEnds() throws IOException {
        for (int i = 0; i < NbdLimits.OPTION_COUNT_MAX; i++) {
            assertThat(answer(4711)).isEqualTo(REP_ERR_UNSUP);
        }
        assertThat(client.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.PROTOCOL, 1);
    }

    @Test
    void anOptionWithoutItsMagicEndsTheConnection() throws IOException {
        client.out.write(new byte[16]);
        assertThat(client.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.PROTOCOL, 1);
    }

    @Test
    void abortIsAcknowledgedAlsoWithData() throws IOException {
        assertThat(answer(OPT_ABORT, (byte) 1, (byte) 2)).isEqualTo(REP_ACK);
        assertThat(client.isHungUp()).isTrue();
        rig.awaitClosed(NbdCloseReason.DONE, 1);
    }

    @Test
    void structuredReplyTakesNoData() throws IOException {
        assertThat(answer(OPT_STRUCTURED_REPLY, (byte) 0)).isEqualTo(REP_ERR_INVALID);
        assertThat(answer(OPT_STRUCTURED_REPLY)).isEqualTo(REP_ACK);
        assertThat(answer(OPT_STRUCTURED_REPLY)).as("again").isEqualTo(REP_ACK);
    }

    @Test
    void contextsNeedStructuredReplies() throws IOException {
        for (final int option : new int[] {OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT}) {
            assertThat(answer(option, NbdClient.metaContext("disk", CONTEXT))).isEqualTo(REP_ERR_INVALID);
        }
    }

    @Test
    void contextsAreListedByNamespaceByNameOrAll() throws IOException {
        client.option(OPT_STRUCTURED_REPLY);
        assertThat(contexts(OPT_LIST_META_CONTEXT)).isEqualTo(1);
        assertThat(contexts(OPT_LIST_META_CONTEXT, "base:")).isEqualTo(1);
        assertThat(contexts(OPT_LIST_META_CONTEXT, CONTEXT)).isEqualTo(1);
        assertThat(contexts(OPT_LIST_META_CONTEXT, "base:other", "qemu:dirty-bitmap:x"))
                .isZero();
        assertThat(contexts(OPT_SET_META_CONTEXT)).isZero();
        assertThat(contexts(OPT_SET_META_CONTEXT, "base:")).isZero();
        assertThat(contexts(OPT_SET_META_CONTEXT, "x-y:z", CONTEXT)).isEqualTo(1);
    }

    private int contexts(final int option, final String... queries) throws IOException {
        final List<OptionReply> replies = client.option(option, NbdClient.metaContext("disk", queries));
        assertThat(NbdClient.last(replies).type()).isEqualTo(REP_ACK);
        for (final OptionReply reply : replies.subList(0, replies.size() - 1)) {
            assertThat(reply.type()).isEqualTo(NbdProtocol.REP_META_CONTEXT);
            assertThat(reply.text()).endsWith(CONTEXT);
        }
        return replies.size() - 1;
    }

    @Test
    void contextQueriesAreBoundedAndWellFormed() throws IOException {
        client.option(OPT_STRUCTURED_REPLY);
        final byte[] good = NbdClient.metaContext("disk", CONTEXT);
        for (int length = 0; length < good.length; length++) {
            final int answer = answer(OPT_SET_META_CONTEXT, Arrays.copyOf(good, length));
            assertThat(answer).isEqualTo(REP_ERR_INVALID);
        }
        assertThat(answer(OPT_SET_META_CONTEXT, NbdClient.metaContext("disk", "nocolon")))
                .isEqualTo(REP_ERR_INVALID);
        assertThat(answer(OPT_SET_META_CONTEXT, NbdClient.metaContext("none", CONTEXT)))
                .isEqualTo(REP_ERR_UNKNOWN);
        final String[] many = new String[NbdLimits.QUERY_COUNT_MAX + 1];
        Arrays.fill(many, "a:b");
        assertThat(answer(OPT_SET_META_CONTEXT, NbdClient.metaContext("disk", many)))
                .isEqualTo(REP_ERR_TOO_BIG);
    }

    @Test
    void aContextCountsOnlyForTheExportItWasChosenFor() throws IOException {
        rig.server.add("other", new MemoryExport(4096));
        client.option(OPT_STRUCTURED_REPLY);
        assertThat(contexts(OPT_SET_META_CONTEXT, CONTEXT)).isEqualTo(1);
        client.go("other");
        assertThat(client.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 4096)).isEqualTo(NbdError.EINVAL.number());
    }

    @Test
    void aChoiceThatFailsTakesBackTheOneBefore() throws IOException {
        client.option(OPT_STRUCTURED_REPLY);
        assertThat(contexts(OPT_SET_META_CONTEXT, CONTEXT)).isEqualTo(1);
        assertThat(answer(OPT_SET_META_CONTEXT, NbdClient.metaContext("none", CONTEXT)))
                .isEqualTo(REP_ERR_UNKNOWN);
        client.go("disk");
        assertThat(client.call(NbdProtocol.CMD_BLOCK_STATUS, 0, 0, 4096)).isEqualTo(NbdError.EINVAL.number());
    }

    @Test
    void anExportThatCannotBeOpenedIsRefusedWithWords() throws IOException {
        rig.server.add("broken", new UnopenableExport());
        final OptionReply reply = NbdClient.last(client.option(OPT_GO, NbdClient.info("broken")));
        assertThat(reply.type()).isEqualTo(REP_ERR_POLICY);
        assertThat(reply.text()).contains("cannot be opened");
        assertThat(rig.faults).hasSize(1);
        rig.faults.clear();
        client.go("disk");
    }

    @Test
    void oneInfoItemIsReportedOnce() throws IOException {
        final List<OptionReply> replies =
                client.option(OPT_INFO, NbdClient.info("disk", NbdProtocol.INFO_NAME, NbdProtocol.INFO_NAME));
        assertThat(replies.stream().filter(reply -> reply.type() == REP_INFO)).hasSize(3);
    }

    /** Its disk is gone. */
    private static final class UnopenableExport extends DelegatingExport {
        UnopenableExport() {
            super(new MemoryExport(512));
        }

        @Override
        public NbdAccess open() throws IOException {
            throw new IOException("gone");
        }
    }
}
