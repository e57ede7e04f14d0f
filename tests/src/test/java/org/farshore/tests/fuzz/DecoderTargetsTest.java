package org.farshore.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** A class that reads numbers out of bytes has a target, or a reason why it needs none. */
class DecoderTargetsTest {
    private static final Set<String> BUFFER_READS =
            Set.of("getByte", "getShort", "getInt", "getLong", "getIntVolatile", "getLongVolatile");

    /** Classes that read bytes which were checked before, or which this process or the kernel wrote. */
    private static final Map<String, String> WITHOUT_TARGET = Map.ofEntries(
            Map.entry("org.farshore.agent.capture.CaptureState", "pinned by root in this boot; identity is compared"),
            Map.entry("org.farshore.agent.capture.CaptureMaps", "the kernel's own counters of its own maps"),
            Map.entry("org.farshore.agent.capture.FollowedVolume", "the pinned state, as above"),
            Map.entry("org.farshore.agent.capture.BpfPrograms", "the kernel's answers to its own calls"),
            Map.entry("org.farshore.agent.capture.LinuxCalls", "the kernel's answers to its own calls"),
            Map.entry("org.farshore.agent.copy.DeviceReaderAgent", "looks for zero blocks: every value is legal"),
            Map.entry("org.farshore.agent.capture.PinnedBits", "a bitmap: every value is legal"),
            Map.entry("org.farshore.agent.stream.RecordWriter", "reads back the checksum it has just written"),
            Map.entry("org.farshore.agent.capture.BlockChecksums", "sums bytes: every value is legal"),
            Map.entry("org.farshore.dataplane.journal.JournalWriter", "reads back what it has just written"),
            Map.entry("org.farshore.dataplane.retire.WriteArena", "its own tables"),
            Map.entry("org.farshore.dataplane.tool.RecoveryOptions", "one key of the operator's own settings file"),
            Map.entry("org.farshore.dataplane.runtime.PieceHasher", "hashes bytes: every value is legal"));

    /** Packages that are being built; their own tests flip every byte of their files. */
    private static final Set<String> OWN_DAMAGE_TESTS =
            Set.of("org.farshore.dataplane.index", "org.farshore.dataplane.recover", "org.farshore.dataplane.nbd");

    @Test
    void everyClassThatReadsForeignBytesHasATarget() {
        final JavaClasses product = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("-tests.jar") && !location.contains("test-classes"))
                .importPackages("org.farshore.dataplane", "org.farshore.agent");
        final Set<String> covered =
                Stream.of(FuzzTarget.values()).flatMap(FuzzTarget::decoders).collect(Collectors.toSet());
        final Set<String> uncovered = new TreeSet<>();
        for (final JavaClass type : product) {
            final String name = outermost(type).getName();
            if (readsBytes(type)
                    && !type.getPackageName().contains(".codecs.")
                    && OWN_DAMAGE_TESTS.stream().noneMatch(type.getPackageName()::startsWith)
                    && !covered.contains(name)
                    && !WITHOUT_TARGET.containsKey(name)) {
                uncovered.add(name);
            }
        }
        assertThat(uncovered)
                .as("readers of bytes without a fuzz target; add one to FuzzTarget, or a reason here")
                .isEmpty();
    }

    @Test
    void everyTargetNamesClassesThatExist() throws ClassNotFoundException {
        for (final FuzzTarget target : FuzzTarget.values()) {
            for (final String name : target.decoders().toList()) {
                Class.forName(name, false, getClass().getClassLoader());
            }
        }
    }

    private static boolean readsBytes(final JavaClass type) {
        return type.getMethodCallsFromSelf().stream().anyMatch(DecoderTargetsTest::isRead);
    }

    private static boolean isRead(final JavaAccess<?> call) {
        final JavaClass owner = call.getTargetOwner();
        if (owner.isAssignableTo(DirectBuffer.class)) {
            return BUFFER_READS.contains(call.getTarget().getName());
        }
        final boolean decoder = owner.getPackageName().contains(".codecs.")
                && owner.getSimpleName().endsWith("Decoder")
                && call.getTarget().getName().startsWith("wrap");
        return decoder
                || (owner.isEquivalentTo(Properties.class)
                        && call.getTarget().getName().equals("load"));
    }

    private static JavaClass outermost(final JavaClass type) {
        JavaClass outer = type;
        while (outer.getEnclosingClass().isPresent()) {
            outer = outer.getEnclosingClass().get();
        }
        return outer;
    }
}
