package org.farshore.tests.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.farshore.tests.lab.FarshoreLab;

/** All targets. {@link DecoderTargetsTest} fails when a class that reads foreign bytes is named by none. */
enum FuzzTarget {
    RECORD_MESSAGE(
            RecordMessageFuzz.class,
            RecordMessageFuzz::fuzzerTestOneInput,
            RecordMessageFuzz::seeds,
            6_000,
            "ship.RecordMessage",
            "ship.RecordFields",
            "ship.StreamMessageChecker",
            "ship.BatchPayload",
            "optimise.ExtentPlan",
            "optimise.WriteBatchOptimiser",
            "optimise.ZeroBlocks"),
    RECORD_STREAM(
            RecordStreamFuzz.class,
            RecordStreamFuzz::fuzzerTestOneInput,
            RecordStreamFuzz::seeds,
            3_000,
            "ship.VolumeRecords",
            "ship.StreamMessageChecker"),
    HELLO(HelloFuzz.class, HelloFuzz::fuzzerTestOneInput, HelloFuzz::seeds, 100_000, "ship.HelloMessage"),
    RESPONSE(
            ResponseFuzz.class, ResponseFuzz::fuzzerTestOneInput, ResponseFuzz::seeds, 100_000, "ship.ResponseMessage"),
    AGENT_ANSWERS(
            AgentAnswersFuzz.class,
            AgentAnswersFuzz::fuzzerTestOneInput,
            AgentAnswersFuzz::seeds,
            150,
            "agent.session.AgentSession",
            "agent.session.Welcome"),
    JOURNAL(
            JournalFuzz.class,
            JournalFuzz::fuzzerTestOneInput,
            JournalFuzz::seeds,
            500,
            "journal.JournalFrameFlyweight",
            "journal.SegmentHeader",
            "journal.JournalScan",
            "journal.GroupFinder"),
    STATE_FILE(
            StateFileFuzz.class, StateFileFuzz::fuzzerTestOneInput, StateFileFuzz::seeds, 8_000, "journal.StateFile"),
    TARGET_START(
            TargetStartFuzz.class,
            TargetStartFuzz::fuzzerTestOneInput,
            TargetStartFuzz::seeds,
            100,
            "retire.FrameGatherer",
            "retire.TargetStreams",
            "retire.PieceComparer"),
    REPLICA_CLAIM(
            ReplicaClaimFuzz.class,
            ReplicaClaimFuzz::fuzzerTestOneInput,
            ReplicaClaimFuzz::seeds,
            10_000,
            "retire.ReplicaClaim"),
    SETTINGS(SettingsFuzz.class, SettingsFuzz::fuzzerTestOneInput, SettingsFuzz::seeds, 4_000, "runtime.Settings"),
    AGENT_IDENTITY(
            AgentIdentityFuzz.class,
            AgentIdentityFuzz::fuzzerTestOneInput,
            AgentIdentityFuzz::seeds,
            10_000,
            "agent.AgentIdentity"),
    CAPTURE_RING(
            CaptureRingFuzz.class,
            CaptureRingFuzz::fuzzerTestOneInput,
            CaptureRingFuzz::seeds,
            20_000,
            "agent.capture.RingReader",
            "agent.capture.BlockEventFlyweight"),
    COUNTERS(CountersFuzz.class, CountersFuzz::fuzzerTestOneInput, CountersFuzz::seeds, 5_000, "runtime.CounterReader"),
    COMMAND_WIRE(
            CommandWireFuzz.class,
            CommandWireFuzz::fuzzerTestOneInput,
            CommandWireFuzz::seeds,
            20_000,
            "command.CommandWire"),
    OWNER_RECORDS(
            OwnerRecordsFuzz.class,
            OwnerRecordsFuzz::fuzzerTestOneInput,
            OwnerRecordsFuzz::seeds,
            8_000,
            "runtime.RecordFile",
            "failover.FailoverRecord",
            "failover.ViewRecord"),
    FRAME_TEXT(FrameTextFuzz.class, FrameTextFuzz::fuzzerTestOneInput, FrameTextFuzz::seeds, 20_000, "tool.FrameText");

    private final Class<?> type;
    private final Consumer<byte[]> target;
    private final Supplier<List<byte[]>> seeds;
    private final int shortRunInputs;
    private final List<String> decoders;

    FuzzTarget(
            final Class<?> type,
            final Consumer<byte[]> target,
            final Supplier<List<byte[]>> seeds,
            final int shortRunInputs,
            final String... decoders) {
        this.type = type;
        this.target = target;
        this.seeds = seeds;
        this.shortRunInputs = shortRunInputs;
        this.decoders = List.of(decoders);
    }

    /** The class that Jazzer calls. */
    Class<?> type() {
        return type;
    }

    /** Mutated inputs of the run in every build. */
    int shortRunInputs() {
        return shortRunInputs;
    }

    /** Full names of the production classes that this target covers. */
    Stream<String> decoders() {
        return decoders.stream()
                .map(name -> name.startsWith("agent.") ? "org.farshore." + name : "org.farshore.dataplane." + name);
    }

    /** Feeds one input; throws when it is a finding. */
    void feed(final byte[] input) {
        target.accept(input);
    }

    /** Inputs that reach deep: what honest writers make, in this target's shape. */
    List<byte[]> seeds() {
        return seeds.get();
    }

    /** Inputs kept since something was found with them, by file name. */
    List<Path> kept() {
        try (Stream<Path> files = Files.isDirectory(keptDirectory()) ? Files.list(keptDirectory()) : Stream.empty()) {
            return new ArrayList<>(files.sorted().toList());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path keptDirectory() {
        return FarshoreLab.root().resolve("tests/src/test/resources/fuzz").resolve(label());
    }

    /** The name for people and for directories: {@code record-message}. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
