package org.farshore.tests.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * What the import rule of each module cannot say: which stage sees which by what is really called, and that the classes
 * which a simulation must be able to step reach clocks, threads, randomness and files only through their seams.
 */
class ArchitectureTest {
    private static final String DATAPLANE = "org.farshore.dataplane.";

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("/farshore-tests")
                    && !location.contains("/tests/target/")
                    && !location.contains("-tests.jar"))
            .importPackages("org.farshore");

    /** The stages of the data plane, each with those that it may use. */
    private static final List<Stage> STAGES = List.of(
            new Stage("volume"),
            new Stage("runtime"),
            new Stage("ship"),
            new Stage("spool"),
            new Stage("journal"),
            new Stage("optimise", "ship"),
            new Stage("receive", "ship", "journal", "retire"),
            new Stage("index", "ship", "journal"),
            new Stage("recover", "ship", "journal", "index", "optimise"),
            new Stage("retire", "ship", "journal", "index", "recover", "optimise"),
            new Stage("nbd", "recover"),
            new Stage("failover", "retire", "recover"),
            new Stage("command"),
            new Stage("operate", "command", "index", "recover", "failover"),
            new Stage("tool", "journal", "index", "recover", "failover", "command"),
            new Stage("processserver", "ship", "optimise", "spool", "receive"),
            new Stage(
                    "mastertarget",
                    "ship",
                    "optimise",
                    "receive",
                    "journal",
                    "index",
                    "retire",
                    "recover",
                    "nbd",
                    "failover",
                    "operate",
                    "command"));

    /** What a simulation steps: everything but mains, adapters and tools. */
    private static final DescribedPredicate<JavaClass> STEPPED = resideInAnyPackage(
                    DATAPLANE + "ship..",
                    DATAPLANE + "optimise..",
                    DATAPLANE + "receive..",
                    DATAPLANE + "journal..",
                    DATAPLANE + "index..",
                    DATAPLANE + "retire..",
                    DATAPLANE + "failover..",
                    DATAPLANE + "operate..",
                    DATAPLANE + "volume..",
                    DATAPLANE + "processserver..",
                    DATAPLANE + "mastertarget..",
                    "org.farshore.agent..")
            .and(describe(
                    "no adapter",
                    type -> !isAdapter(type) && !type.getPackageName().equals("org.farshore.agent.capture")));

    /**
     * The adapters: classes that stand for the machine behind a seam, or that are a process's main and put the seams in.
     * The whole package agent.capture stands behind {@code CaptureSource}.
     */
    private static final Set<String> ADAPTERS =
            Set.of("ProtectionAgent", "ProcessServer", "MasterTarget", "AeronLinks", "DataDirectoryCheck");

    private record Stage(String name, String... mayUse) {
        String[] forbidden() {
            final List<String> packages = new ArrayList<>();
            final List<String> allowed = new ArrayList<>(List.of(mayUse));
            allowed.addAll(List.of(name, "volume", "runtime"));
            for (final Stage stage : STAGES) {
                if (!allowed.contains(stage.name)) {
                    packages.add(DATAPLANE + stage.name + "..");
                }
            }
            return packages.toArray(String[]::new);
        }
    }

    private static boolean isAdapter(final JavaClass type) {
        JavaClass outermost = type;
        while (outermost.getEnclosingClass().isPresent()) {
            outermost = outermost.getEnclosingClass().get();
        }
        return ADAPTERS.contains(outermost.getSimpleName());
    }

    @Test
    void eachStageSeesOnlyWhatLiesBeforeItOnTheWayOfAWrite() {
        for (final Stage stage : STAGES) {
            check(noClasses()
                    .that()
                    .resideInAPackage(DATAPLANE + stage.name() + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(stage.forbidden()));
        }
    }

    @Test
    void dataPlaneDependsOnNoOtherModule() {
        check(noClasses()
                .that()
                .resideInAPackage("org.farshore.dataplane..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.farshore.agent..", "org.farshore.control.."));
    }

    @Test
    void agentAndControlPlaneNeverSeeEachOther() {
        check(noClasses()
                .that()
                .resideInAPackage("org.farshore.agent..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.farshore.control..",
                        DATAPLANE + "journal..",
                        DATAPLANE + "retire..",
                        DATAPLANE + "processserver..",
                        DATAPLANE + "mastertarget.."));
        check(noClasses()
                .that()
                .resideInAPackage("org.farshore.control..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.farshore.agent.."));
    }

    @Test
    void steppedClassesReadNoClockOfTheirOwn() {
        check(noClasses()
                .that(STEPPED)
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.time.Clock")
                .orShould()
                .callMethod(java.time.Instant.class, "now"));
    }

    @Test
    void steppedClassesMakeNoThreads() {
        check(noClasses()
                .that(STEPPED)
                .should()
                .accessTargetWhere(JavaAccess.Predicates.targetOwner(simpleName("Thread")
                        .or(resideInAnyPackage("java.util.concurrent")
                                .and(describe(
                                        "executor",
                                        type -> type.getSimpleName().contains("Executor")
                                                || type.getSimpleName().equals("CompletableFuture")))))));
    }

    @Test
    void steppedClassesDrawNoRandomnessOfTheirOwn() {
        check(noClasses()
                .that(STEPPED)
                .should()
                .dependOnClassesThat(describe(
                        "are random generators",
                        type -> Set.of("Random", "SecureRandom", "SplittableRandom", "ThreadLocalRandom")
                                .contains(type.getSimpleName())))
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(java.util.UUID.class, "randomUUID"));
    }

    @Test
    void steppedClassesReachFilesOnlyThroughTheirSeam() {
        check(noClasses()
                .that(STEPPED)
                .should()
                .dependOnClassesThat(describe(
                        "open files",
                        type -> Set.of(
                                        "java.io.File",
                                        "java.io.FileInputStream",
                                        "java.io.FileOutputStream",
                                        "java.io.RandomAccessFile",
                                        "java.nio.file.Files",
                                        "java.nio.channels.FileChannel")
                                .contains(type.getFullName()))));
    }

    @Test
    void productHoldsNoCodeForTestsAlone() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.junit..", "org.assertj..", "org.opentest4j..")
                .orShould()
                .haveSimpleNameContaining("Mock")
                .orShould()
                .haveSimpleNameStartingWith("Test"));
        check(com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods()
                .should()
                .haveNameMatching(".*[fF]or(Test|Testing|Tests)(Only)?"));
    }

    private static void check(final ArchRule rule) {
        rule.allowEmptyShould(true).check(PRODUCT);
    }
}
