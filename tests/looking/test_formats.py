"""What a file is taken for, by its content; and what is in it where that can be told."""

import json

import pytest

from jobsportal.looking.yolo_names import names_in_yaml
from tests.looking.files import BOX, COCO, XML, in_zip, looked

VOC = (
    "<annotation><filename>{0}.jpg</filename><object><name>car</name><bndbox/><part><name>wheel</name></part></object>"
    "</annotation>"
)
LABELME = (
    "<annotation><filename>a.jpg</filename><object><name>car</name><deleted>0</deleted><polygon><pt/></polygon></object>"
    "<object><name>gone</name><deleted>1</deleted><polygon><pt/></polygon></object></annotation>"
)
DATUMARO = json.dumps(
    {
        "categories": {"label": {"labels": [{"name": "car"}, {"name": "bus"}]}},
        "items": [{"id": "a", "annotations": [{"type": "bbox", "label_id": 0}, {"type": "label", "label_id": 1}]}],
    }
)
POINTS = json.dumps({"categories": {}, "items": [{"id": "a", "annotations": [], "point_cloud": {"path": "a.pcd"}}]})
KEYPOINTS = (
    '{"categories":[{"id":1,"name":"person","keypoints":["head"]}],"images":[{"id":1,"file_name":"a.jpg"}],'
    '"annotations":[{"image_id":1,"category_id":1,"keypoints":[1,1,2],"num_keypoints":1}]}'
)
YAML = "names:\n  0: car\n  1: bus\ntrain: train.txt\n"
SEGMENT = "0 0.1 0.1 0.2 0.1 0.2 0.2\n1 0.1 0.1 0.2 0.1 0.2 0.2 0.3 0.3 0.4 0.4\n"


@pytest.mark.parametrize(
    ("content", "formats", "objects"),
    [
        (XML, ("CVAT 1.1",), 1),
        ("\ufeff" + XML, ("CVAT 1.1",), 1),
        (f'<?xml version="1.0"?><!-- a --><!DOCTYPE annotations>{XML}', ("CVAT 1.1",), 1),
        (COCO, ("COCO 1.0",), 1),
        ("\ufeff \n" + COCO, ("COCO 1.0",), 1),
        (KEYPOINTS, ("COCO Keypoints 1.0", "COCO 1.0"), 1),
        (DATUMARO, ("Datumaro 1.0",), 2),
        (POINTS, ("Datumaro 3D 1.0",), 0),
        (VOC.format("a"), ("PASCAL VOC 1.1",), 1),
        (LABELME, ("LabelMe 3.0",), 1),
    ],
)
def test_documents(content, formats, objects):
    found = looked(content)
    assert found.formats == formats and found.is_certain and found.objects == objects and not found.problems


@pytest.mark.parametrize(
    ("files", "formats", "objects"),
    [
        ({"annotations.xml": XML}, ("CVAT 1.1",), 1),
        ({"folder/annotations.xml": XML, "folder/images/a.jpg": b""}, ("CVAT 1.1",), 1),
        ({"annotations/instances_train.json": COCO, "annotations/instances_val.json": COCO}, ("COCO 1.0",), 2),
        ({"annotations/default.json": DATUMARO}, ("Datumaro 1.0",), 2),
        ({"Annotations/a.xml": VOC.format("a"), "Annotations/b.xml": VOC.format("b")}, ("PASCAL VOC 1.1",), 2),
        ({"VOC/Annotations/a.xml": VOC.format("a"), "VOC/SegmentationClass/a.png": b""}, ("PASCAL VOC 1.1",), 1),
        ({"default/a.xml": LABELME}, ("LabelMe 3.0",), 1),
        ({"obj.data": "", "obj.names": "car\n", "obj_train_data/a.txt": "0 .1 .1 .1 .1\n"}, ("YOLO 1.1",), 1),
        (
            {"data.yaml": YAML, "labels/train/a.txt": SEGMENT},
            ("Ultralytics YOLO Segmentation 1.0", "YOLOv8 Segmentation 1.0"),
            2,
        ),
        (
            {"data.yaml": "kpt_shape: [1, 3]\n" + YAML, "labels/train/a.txt": "0 .1 .1 .1 .1 .2 .2 2\n"},
            ("Ultralytics YOLO Pose 1.0", "YOLOv8 Pose 1.0"),
            1,
        ),
        ({"gt/gt.txt": "1,1,1,1,9,9,1,1,1\n2,1,1,1,9,9,1,1,1\n1,2,1,1,9,9,1,2,1\n", "gt/labels.txt": "car\nbus\n"}, ("MOT 1.1",), 2),
        ({"default/label_2/a.txt": "Car 0 0 0 1 1 9 9 0 0 0 0 0 0 0\n", "label_colors.txt": ""}, ("KITTI 1.0",), 1),
    ],
)  # fmt: skip
def test_archives(files, formats, objects):
    found = in_zip(files)
    assert found.formats == formats and found.is_certain and found.is_counted and found.objects == objects
    assert not found.problems and not found.warnings


@pytest.mark.parametrize(
    ("paths", "format"),
    [
        (["labelmap.txt", "SegmentationClass/a.png", "ImageSets/Segmentation/default.txt"], "Segmentation mask 1.1"),
        (["WIDER_train/images/a.jpg", "wider_face_split/wider_face_train_bbx_gt.txt"], "WiderFace 1.0"),
        (["bb_landmark/loose_bb_default.csv", "default/n1/a.jpg"], "VGGFace2 1.0"),
        (["annotations/pairs.txt", "images/a/a_0001.jpg"], "LFW 1.0"),
        (["annotations/class-descriptions.csv", "annotations/train-annotations-bbox.csv"], "Open Images V6 1.0"),
        (["gtFine/default/a_gtFine_labelIds.png", "label_colors.txt"], "Cityscapes 1.0"),
        (["default/instances/labels.txt", "default/instances/a.png"], "MOTS PNG 1.0"),
        (["bounding_box_train/0001_c1s1_a.jpg", "query/0002_c1s1_b.jpg"], "Market-1501 1.0"),
        (["key_id_map.json", "meta.json", "ds0/ann/a.pcd.json"], "Sly Point Cloud Format 1.0"),
        (["tracklet_labels.xml", "velodyne_points/data/a.pcd"], "Kitti Raw Format 1.0"),
    ],
)
def test_formats_that_are_known_by_their_files_alone_are_not_counted(paths, format):
    found = in_zip(dict.fromkeys(paths, ""))
    assert found.formats == (format,) and found.is_certain and not found.is_counted and not found.problems


@pytest.mark.parametrize(
    ("files", "first"),
    [
        (
            {"data.yaml": YAML, "labels/train/a.txt": "0 0 0 1 0 1 1 0 1\n"},
            "Ultralytics YOLO Oriented Bounding Boxes 1.0",
        ),
        ({"data.yaml": YAML, "labels/train/a.txt": ""}, "Ultralytics YOLO Detection 1.0"),
        ({"a.txt": "0 .1 .1 .1 .1\n", "b.txt": "1 .1 .1 .1 .1\n"}, "Ultralytics YOLO Detection 1.0"),
        ({"label_colors.txt": "", "default/a.png": b""}, "CamVid 1.0"),
        ({"train/car/a.jpg": b"", "train/bus/b.jpg": b""}, "ImageNet 1.0"),
        ({"train/gt_a.txt": "1,1,9,9,word"}, "ICDAR Localization 1.0"),
    ],
)
def test_what_may_be_something_else_is_never_said_with_certainty(files, first):
    found = in_zip(files)
    assert found.formats[0] == first and not found.is_certain and not found.problems


@pytest.mark.parametrize(
    "files",
    [
        {"a.json": "{}"},
        {"a.json": "[1]"},
        {"a.csv": "a,b"},
        {"readme.txt": "Hello"},
        {"a.jpg": b""},
        {"a.xml": "<kml/>"},
    ],
)
def test_what_is_not_known_is_not_guessed(files):
    found = in_zip(files)
    assert found.formats == () and not found.is_certain and found.warnings and not found.problems


def test_objects_labels_kinds_and_frames_of_cvat_xml():
    skeleton = '<skeleton label="body"><points label="head" points="1,1"/></skeleton>'
    track = '<track label="bus"><box frame="3" outside="0"/><box frame="4" outside="1"/></track>'
    labels = "<meta><task><labels><label><name>road</name></label></labels></task></meta>"
    image = f'<image id="2" name="in/a.jpg">{BOX}{skeleton}<tag label="car"/></image><image id="3" name="in/b.jpg"/>'
    found = looked(f"<annotations>{labels}{image}{track}</annotations>")
    assert found.labels == {"road": 0, "car": 2, "body": 1, "bus": 1}
    assert found.kinds == {"rectangle": 1, "skeleton": 1, "tag": 1, "track": 1}
    assert found.frames == {("in/a", 2): 3, ("in/b", 3): 0, ("", 3): 1, ("", 4): 0}


def test_a_skeleton_of_a_track_is_gone_where_all_its_parts_are():
    parts = '<points label="head" outside="{0}"/><points label="hand" outside="1"/>'
    shapes = "".join(f'<skeleton frame="{number}">{parts.format(number - 1)}</skeleton>' for number in (1, 2))
    found = looked(f'<annotations><track label="body">{shapes}</track></annotations>')
    assert found.frames == {("", 1): 1, ("", 2): 0} and found.kinds == {"track": 1}


def test_segmentations_of_coco_say_the_kind():
    document = json.loads(COCO)
    outlines = [[], None, [[1, 1, 2, 2, 3, 3]], {"counts": [1], "size": [1, 1]}]
    document["annotations"] = [{"image_id": 7, "category_id": 1, "segmentation": outline} for outline in outlines]
    found = looked(json.dumps(document))
    assert found.kinds == {"rectangle": 2, "polygon": 1, "mask": 1} and found.frames == {("crossing_0001", None): 4}


def test_annotations_without_their_image_or_category_are_warned_of():
    found = looked(COCO.replace('"image_id":7', '"image_id":8'))
    assert "does not list" in found.warnings[0] and found.objects == 1


def test_lines_that_are_no_objects_and_classes_without_a_name_are_warned_of():
    found = in_zip({"data.yaml": YAML, "labels/train/a.txt": "7 .1 .1 .1 .1\nhello there\n"})
    assert found.objects == 1 and "Class 7 has no name" in found.warnings[0] and "hello there" in found.warnings[1]


def test_classes_without_any_names_are_warned_of():
    assert "names of the classes are missing" in in_zip({"a.txt": "0 .1 .1 .1 .1\n"}).warnings[0]


def test_pictures_of_yolo_are_named_by_their_paths_without_the_formats_folders():
    found = in_zip({"data.yaml": YAML, "labels/train/in/a.txt": "0 .1 .1 .1 .1\n", "train.txt": "data/images/train/in/a.jpg\n"})  # fmt: skip
    assert found.frames == {("in/a", None): 1}
    found = in_zip({"obj.data": "", "obj_train_data/in/a.txt": "0 .1 .1 .1 .1\n", "train.txt": "data/obj_train_data/in/a.jpg\n"})  # fmt: skip
    assert found.frames == {("in/a", None): 1}


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ("names:\n  0: car\n  1: 'it''s'\n  2: \"b\\u00fcs\"\npath: .", {0: "car", 1: "it's", 2: "büs"}),
        ("names:\n- car\n- big bus # a bus\nnc: 2", {0: "car", 1: "big bus"}),
        ("names: [car, 'big, bus', \"van\"]", {0: "car", 1: "big, bus", 2: "van"}),
        ("names: ['car',\n 'bus']\nnc: 2", {0: "car", 1: "bus"}),
        ("names: {0: car, 5: bus}", {0: "car", 5: "bus"}),
        ("nc: 2", {}),
        ("names:", {}),
    ],
)
def test_names_of_classes_in_yaml(document, names):
    assert names_in_yaml("\n".join(line.strip() for line in document.splitlines())) == names


def test_what_systems_leave_in_archives_is_passed_over():
    found = in_zip({"annotations.xml": XML, "__MACOSX/._annotations.xml": b"\0\5", ".DS_Store": b"\0"})
    assert found.formats == ("CVAT 1.1",) and not found.problems
