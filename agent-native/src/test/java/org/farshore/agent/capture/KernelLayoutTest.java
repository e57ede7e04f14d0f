package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the numbers of the Java side against the header's, which the C compiler asserts. */
class KernelLayoutTest {
    private static final Path HEADER = Path.of("src/main/bpf/block_capture.h");
    private static final Map<String, Long> NUMBERS = new HashMap<>();

    @BeforeAll
    static void readHeader() throws IOException {
        final String header = Files.readString(HEADER);
        final Matcher offsets =
                Pattern.compile("ASSERT_OFFSET\\((\\w+), (\\w+), (\\d+)\\)").matcher(header);
        while (offsets.find()) {
            NUMBERS.put(offsets.group(1) + "." + offsets.group(2), Long.valueOf(offsets.group(3)));
        }
        final Matcher sizes = Pattern.compile("ASSERT_SIZE\\((\\w+), (\\d+)\\)").matcher(header);
        while (sizes.find()) {
            NUMBERS.put(sizes.group(1), Long.valueOf(sizes.group(2)));
        }
        final Matcher defines = Pattern.compile("#define (\\w+) (0x[0-9a-f]+|\\d+)(?:u|ull)?\\b")
                .matcher(header);
        while (defines.find()) {
            NUMBERS.put(defines.group(1), Long.decode(defines.group(2)));
        }
    }

    private static void same(final String name, final long number) {
        assertThat(NUMBERS).as("asserted by " + HEADER).containsKey(name);
        assertThat(number).as(name).isEqualTo(NUMBERS.get(name));
    }

    @Test
    void recordsLieWhereTheHeaderSays() {
        same("block_record.sector", BlockEventFlyweight.SECTOR_OFFSET);
        same("block_record.length", BlockEventFlyweight.LENGTH_OFFSET);
        same("block_record.time_ns", BlockEventFlyweight.TIME_NS_OFFSET);
        same("block_record.bio", BlockEventFlyweight.BIO_OFFSET);
        same("block_record.type", BlockEventFlyweight.TYPE_OFFSET);
        same("block_record.flags", BlockEventFlyweight.FLAGS_OFFSET);
        same("block_record.volume", BlockEventFlyweight.VOLUME_OFFSET);
        same("block_record.error", BlockEventFlyweight.ERROR_OFFSET);
        same("block_record.bio_length", BlockEventFlyweight.BIO_LENGTH_OFFSET);
        same("block_record.opf", BlockEventFlyweight.OPF_OFFSET);
        same("block_record", BlockEventFlyweight.HEADER_LENGTH);
        same("RECORD_SUBMIT", BlockEventFlyweight.SUBMIT);
        same("RECORD_COMPLETE", BlockEventFlyweight.COMPLETE);
        same("RECORD_ZEROED", BlockEventFlyweight.ZEROED);
        same("RECORD_FIRST", BlockEventFlyweight.FIRST);
        same("RECORD_LAST", BlockEventFlyweight.LAST);
        same("RECORD_DISCARD", BlockEventFlyweight.DISCARD);
    }

    @Test
    void stateLiesWhereTheHeaderSays() {
        same("capture_state.magic", CaptureState.MAGIC_OFFSET);
        same("capture_state.abi", CaptureState.ABI_OFFSET);
        same("capture_state.ready", CaptureState.READY_OFFSET);
        same("capture_state.capture_id_high", CaptureState.CAPTURE_ID_HIGH_OFFSET);
        same("capture_state.capture_id_low", CaptureState.CAPTURE_ID_LOW_OFFSET);
        same("capture_state.boot_id_high", CaptureState.BOOT_ID_HIGH_OFFSET);
        same("capture_state.boot_id_low", CaptureState.BOOT_ID_LOW_OFFSET);
        same("capture_state.object_hash", CaptureState.OBJECT_HASH_OFFSET);
        same("capture_state.ring_length", CaptureState.RING_LENGTH_OFFSET);
        same("capture_state.bit_count", CaptureState.BIT_COUNT_OFFSET);
        same("capture_state.page_constant", CaptureState.PAGE_CONSTANT_OFFSET);
        same("capture_state.page_shift", CaptureState.PAGE_SHIFT_OFFSET);
        same("capture_state.gap_epoch", CaptureState.GAP_EPOCH_OFFSET);
        same("capture_state.dropped", CaptureState.DROPPED_OFFSET);
        same("capture_state.payload_faults", CaptureState.PAYLOAD_FAULTS_OFFSET);
        same("capture_state.odd_operations", CaptureState.ODD_OPERATIONS_OFFSET);
        same("capture_state.crossing", CaptureState.CROSSING_OFFSET);
        same("capture_state.untracked", CaptureState.UNTRACKED_OFFSET);
        same("capture_state.unknown_completions", CaptureState.UNKNOWN_COMPLETIONS_OFFSET);
        same("capture_state.passthrough", CaptureState.PASSTHROUGH_OFFSET);
        same("capture_state.noted_gap_epoch", CaptureState.NOTED_GAP_EPOCH_OFFSET);
        same("capture_state.noted_submit_misses", CaptureState.NOTED_SUBMIT_MISSES_OFFSET);
        same("capture_state.noted_completion_misses", CaptureState.NOTED_COMPLETION_MISSES_OFFSET);
        same("capture_state.counters", CaptureState.COUNTERS_OFFSET);
        same("capture_state.volumes", CaptureState.VOLUMES_OFFSET);
        same("capture_state", CaptureState.LENGTH);
        same("CAPTURE_MAGIC", CaptureState.MAGIC);
        same("CAPTURE_ABI", CaptureState.ABI);
        same("MAX_VOLUMES", CaptureState.VOLUMES_MAX);
        same("COUNTER_SLOTS", CaptureState.COUNTER_SLOTS);
    }

    @Test
    void countersLieWhereTheHeaderSays() {
        same("capture_counters.submitted_bios", CaptureState.SUBMITTED_BIOS);
        same("capture_counters.submitted_bytes", CaptureState.SUBMITTED_BYTES);
        same("capture_counters.completions", CaptureState.COMPLETIONS);
        same("capture_counters.completed_bytes", CaptureState.COMPLETED_BYTES);
        same("capture_counters.zeroed_ranges", CaptureState.ZEROED_RANGES);
        same("capture_counters.failed_completions", CaptureState.FAILED_COMPLETIONS);
        same("capture_counters.skipped_zeroing", CaptureState.SKIPPED_ZEROING);
        same("capture_counters.split_completions", CaptureState.SPLIT_COMPLETIONS);
        same("capture_counters", CaptureState.COUNTERS_LENGTH);
    }

    @Test
    void volumesAndWindowsLieWhereTheHeaderSays() {
        same("capture_volume.uuid_high", CaptureState.UUID_HIGH);
        same("capture_volume.uuid_low", CaptureState.UUID_LOW);
        same("capture_volume.disk_sequence", CaptureState.DISK_SEQUENCE);
        same("capture_volume.start_sector", CaptureState.START_SECTOR);
        same("capture_volume.sector_count", CaptureState.SECTOR_COUNT);
        same("capture_volume.first_bit", CaptureState.FIRST_BIT);
        same("capture_volume.bit_capacity", CaptureState.BIT_CAPACITY);
        same("capture_volume.device", CaptureState.DEVICE);
        same("capture_volume.in_use", CaptureState.IN_USE);
        same("capture_volume.phase", CaptureState.PHASE);
        same("capture_volume.comparing", CaptureState.COMPARING);
        same("capture_volume.coverage_unknown", CaptureState.COVERAGE_UNKNOWN);
        same("capture_volume.first_position", CaptureState.FIRST_POSITION);
        same("capture_volume", CaptureState.VOLUME_LENGTH);
        same("volume_window.start_sector", VolumeWindows.WINDOW_START_SECTOR);
        same("volume_window.sector_count", VolumeWindows.WINDOW_SECTOR_COUNT);
        same("volume_window.first_bit", VolumeWindows.WINDOW_FIRST_BIT);
        same("volume_window.volume", VolumeWindows.WINDOW_VOLUME);
        same("volume_window", VolumeWindows.WINDOW_LENGTH);
        same("disk_windows.disk_sequence", VolumeWindows.DISK_SEQUENCE_OFFSET);
        same("disk_windows.window_count", VolumeWindows.WINDOW_COUNT_OFFSET);
        same("disk_windows.windows", VolumeWindows.WINDOWS_OFFSET);
        same("disk_windows", VolumeWindows.LENGTH);
        same("MAX_WINDOWS_PER_DISK", VolumeWindows.WINDOWS_MAX);
    }

    @Test
    void calibrationLiesWhereTheHeaderSays() {
        same("capture_calibration.pattern", BpfPrograms.PATTERN);
        same("capture_calibration.process", BpfPrograms.PROCESS);
        same("capture_calibration.first_step", BpfPrograms.FIRST_STEP);
        same("capture_calibration.found", BpfPrograms.FOUND);
        same("capture_calibration.page_constant", BpfPrograms.PAGE_CONSTANT);
        same("capture_calibration.page_struct_size", BpfPrograms.PAGE_STRUCT_SIZE);
        same("capture_calibration.reads", BpfPrograms.READS);
    }
}
